import { assertEquals } from "@std/assert";
import type { Logger } from "../../src/cli/log.ts";
import { tellStopped } from "../../src/service/tell_stopped.ts";

Deno.test("what has stopped tells where it is processed again, or that all is committed", () => {
  const said: string[] = [];
  const noting: Pick<Logger, "info" | "warn"> = {
    info: (line) => said.push(`info ${line}`),
    warn: (line) => said.push(`warn ${line}`),
  };
  const stats = { processed: 3, commits: 2 };
  for (const partitions of [0, 2, 6]) {
    const uncommitted = Array.from(
      { length: partitions },
      (_, i) => ({ topic: "in", partition: i, offset: 7 }),
    );
    tellStopped({ stats, uncommitted }, noting as Logger);
  }
  const again =
    "stopped: 3 records processed, in 2 commits; not committed, and processed again, is what comes from";
  const named = [0, 1, 2, 3, 4].map((partition) => `offset 7 of in-${partition}`);
  assertEquals(said, [
    "info stopped: 3 records processed, all committed in 2 commits",
    `warn ${again} ${named.slice(0, 2).join(", ")} on`,
    `warn ${again} ${named.join(", ")} and 1 more on`,
  ]);
});
