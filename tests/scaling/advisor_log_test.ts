import { assertEquals } from "@std/assert";
import { createLogger } from "../../src/cli/log.ts";
import { advisorLog } from "../../src/scaling/advisor_log.ts";

Deno.test("advisor log: a line for each decision, and for what keeps it from deciding", () => {
  const lines: string[] = [];
  const logger = createLogger({ name: "page", write: (line) => void lines.push(line), now: () => 60_000 });
  const log = advisorLog(logger);
  log.decided({ atMs: 0, from: 1, replicas: 2, reason: "Go from 1 to 2: much comes." });
  log.blind("no answer");
  log.blind(undefined);
  assertEquals(lines, [
    "1970-01-01T00:01:00.000Z INFO  page: Go from 1 to 2: much comes. replicas=2 at=1970-01-01T00:00:00.000Z\n",
    "1970-01-01T00:01:00.000Z WARN  page: Nothing new is recommended: no answer\n",
    "1970-01-01T00:01:00.000Z INFO  page: What is seen is enough again to recommend by\n",
  ]);
});
