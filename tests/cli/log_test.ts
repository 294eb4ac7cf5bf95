import { assertEquals } from "@std/assert";
import { createLogger } from "../../src/cli/log.ts";

Deno.test("log: one line each with time, level, name and fields", () => {
  const lines: string[] = [];
  const log = createLogger({ name: "gen", write: (line) => lines.push(line), now: () => 0 });
  log.info("topic\nmade", { topic: "GAME-FRAME-RQ", why: 'was "missing"', left: undefined, n: 4 });
  log.plain("1s  sent 5");
  assertEquals(lines, [
    '1970-01-01T00:00:00.000Z INFO  gen: topic\\nmade topic=GAME-FRAME-RQ why="was \\"missing\\"" n=4\n',
    "1s  sent 5\n",
  ]);
});

Deno.test("log: only up to the level", () => {
  const said = (level: "error" | "warn" | "info" | "debug") => {
    const lines: string[] = [];
    const log = createLogger({ name: "x", level, write: (line) => lines.push(line), now: () => 0 });
    log.error("e");
    log.warn("w");
    log.info("i");
    log.plain("p");
    log.debug("d");
    return lines.map((line) => line.trim().at(-1)).join("");
  };
  assertEquals((["error", "warn", "info", "debug"] as const).map(said), ["e", "ew", "ewip", "ewipd"]);
});

Deno.test("log: as JSON one object each, in which no field takes the place of what every line has", () => {
  const lines: string[] = [];
  const log = createLogger({ name: "gen", format: "json", write: (line) => lines.push(line), now: () => 0 });
  log.warn("topic\nmade", { n: 4, left: undefined, level: "high" });
  log.plain("1s  sent 5");
  log.debug("not shown");
  const common = { time: "1970-01-01T00:00:00.000Z", name: "gen" };
  assertEquals(lines.map((line) => JSON.parse(line)), [
    { ...common, level: "warn", message: "topic\nmade", n: 4 },
    { ...common, level: "info", message: "1s  sent 5" },
  ]);
  assertEquals(lines.map((line) => line.indexOf("\n") === line.length - 1), [true, true]);
});
