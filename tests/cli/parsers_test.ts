import { assertEquals, assertThrows } from "@std/assert";
import {
  boolean,
  choice,
  cores,
  duration,
  formatDuration,
  integer,
  integers,
  parseDuration,
  port,
  portOrOff,
  rate,
  text,
  url,
  type ValueParser,
} from "../../src/cli/parsers.ts";

function refuses<T>(parse: ValueParser<T>, expected: string, values: readonly string[]): void {
  for (const value of values) {
    assertThrows(() => parse(value), Error, expected, `${JSON.stringify(value)} was accepted`);
  }
}

Deno.test("integer: range and nothing but digits", () => {
  const parse = integer({ min: 1, max: 35 });
  assertEquals([parse("1"), parse("35"), integer({ min: -5 })("-5")], [1, 35, -5]);
  refuses(parse, "expected a whole number from 1 to 35", ["", "0", "36", "1.5", "1e1", "0x5", " 5", "ten"]);
  refuses(integer({ min: 1 }), "at least 1", ["99999999999999999999"]);
});

Deno.test("integers: each in the range, and a multiple", () => {
  const parse = integers({ min: 2, max: 100, multipleOf: 2 });
  assertEquals([parse("4"), parse("4,16, 64")], [[4], [4, 16, 64]]);
  refuses(parse, "expected a whole number from 2 to 100", ["", "4,", ",4", "4,,8", "4;8", "4,0", "4,102"]);
  refuses(parse, "expected multiples of 2, which 5 is not", ["5", "4,5"]);
});

Deno.test("duration: units, fractions and compounds in ms", () => {
  const parse = duration();
  assertEquals(
    ["500ms", "30s", "2m", "1.5s", "1h", "1m30s", "0s"].map(parse),
    [500, 30_000, 120_000, 1_500, 3_600_000, 90_000, 0],
  );
  refuses(parse, "such as 500ms", ["", "30", "s", "-5s", "5 s", "5d", "5s,"]);
  refuses(duration({ min: 1_000 }), "at least 1s", ["999ms"]);
});

Deno.test("duration: formatting and parsing are inverse", () => {
  for (const ms of [0, 1, 500, 1_000, 90_000, 120_000, 3_600_000, 5_400_000]) {
    assertEquals(duration()(formatDuration(ms)), ms);
  }
});

Deno.test("rate: a number or max", () => {
  assertEquals(["0", "0.5", "20000", "max"].map(rate()), [0, 0.5, 20_000, Infinity]);
  refuses(rate(), '"max"', ["", "-1", "fast", "Infinity", "1e5", "20k", "9".repeat(400)]);
});

Deno.test("parsers: cores are a number, or thousandths as Kubernetes writes them", () => {
  assertEquals(["0.5", "2", "500m", "100m"].map(cores()), [0.5, 2, 0.5, 0.1]);
  refuses(cores(), "500m", ["", "0", "0m", "-1", "half", "1e5", "2 m", "9".repeat(400)]);
});

Deno.test("port: 0 to 65535, or off where allowed", () => {
  assertEquals([port()("0"), port()("65535"), portOrOff()("off"), portOrOff()("9001")], [
    0,
    65_535,
    "off",
    9_001,
  ]);
  refuses(port(), "expected a port", ["65536", "-1", "off", ""]);
  refuses(portOrOff(), '"off"', ["65536", "none"]);
});

Deno.test("url, choice, boolean, text: say what is allowed", () => {
  assertEquals(url()("http://localhost:8081/apis/"), "http://localhost:8081/apis");
  refuses(url(), "http://localhost:8081", ["localhost:8081", "ftp://x", "/path", ""]);
  assertEquals(choice("a", "b")("b"), "b");
  refuses(choice("a", "b", "c"), "expected a, b or c", ["A", "d", ""]);
  assertEquals(["true", "1", "yes", "FALSE", "0", "no"].map(boolean()), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  refuses(boolean(), "true or false", ["", "on!"]);
  refuses(text("a host name"), "a host name", ["", "  "]);
});

Deno.test("a parser tells what it takes as a JSON Schema that takes the same", () => {
  assertEquals(integer({ min: 1 }).schema, { type: "integer", minimum: 1 });
  assertEquals(integer({ max: 9 }).schema, { type: "integer", minimum: 0, maximum: 9 });
  assertEquals(choice("memory", "sqlite").schema, { type: "string", enum: ["memory", "sqlite"] });
  assertEquals([boolean().schema, text("an id").schema], [{ type: "boolean" }, {
    type: "string",
    minLength: 1,
  }]);
  const { type, pattern } = duration().schema as { type: string; pattern: string };
  assertEquals(type, "string");
  for (const time of ["500ms", "1m30s", "1.5h", "30", "s", "-1s", "1d"]) {
    assertEquals(new RegExp(pattern).test(time), parseDuration(time) !== undefined, time);
  }
  const { not } = duration({ min: 1 }).schema as { not: { pattern: string } };
  for (const [time, none] of [["0s", true], ["0.0m0ms", true], ["0.1s", false], ["1m0s", false]] as const) {
    assertEquals(new RegExp(not.pattern).test(time), none, time);
  }
});
