import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Case, caseLines, type Outcome, parseCases, type RecordEvent } from "./case.ts";
import { firstDifference, shrink } from "./compare.ts";
import { bytesOf, fieldOf, NULL_FIELD, textField } from "./fields.ts";
import { generateCase, randomOf } from "./generator.ts";
import { runOurs } from "./ours.ts";
import { topologyNames, topologyOf } from "./topologies.ts";

Deno.test("a field keeps all bytes", () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  assertEquals(bytesOf(fieldOf(all)), all);
  assertEquals([fieldOf(null), bytesOf(NULL_FIELD)], [NULL_FIELD, null]);
  assertEquals([textField(""), textField("a\tb\\é")], ["", "a\\x09b\\x5c\\xc3\\xa9"]);
  for (const wrong of ["\\", "\\x1", "\\q00", "é", "\t"]) {
    assertThrows(() => bytesOf(wrong), Error, "Cannot read a field");
  }
});

Deno.test("cases are written and read back", () => {
  const cases = topologyNames.map((name, i) => generateCase(name, topologyOf(name), 5, i));
  assertEquals(parseCases(cases.flatMap(caseLines).join("\n")), cases);
  for (
    const wrong of [
      "record\tin\t1\tk\tv",
      "run\tjoin\t0\tdisk",
      "run\tcount\t0\tmemory\nadvance\t-1",
      "run\tcount\t0\tmemory",
    ]
  ) {
    assertThrows(() => parseCases(wrong), Error, "Cannot read the cases");
  }
});

Deno.test("a case depends on its seed and number only", () => {
  const profile = topologyOf("join");
  assertEquals(generateCase("join", profile, 1, 2), generateCase("join", profile, 1, 2));
  const different = new Set(
    [[1, 2], [1, 3], [2, 2]].map(([seed, number]) =>
      JSON.stringify(generateCase("join", profile, seed!, number!))
    ),
  );
  assertEquals(different.size, 3);
});

Deno.test("cases have records out of order, late, at equal times, twice, without key, without value, at and next to edges", () => {
  const profile = { topics: ["left", "right"], spansMs: [10, 35], wallClock: true };
  const seen = new Set<string>();
  for (let number = 0; number < 200; number++) {
    const { events } = generateCase("any", profile, 1, number);
    const records = events.filter((event): event is RecordEvent => event.kind === "record");
    if (records.length < events.length) seen.add("advance");
    let latest = -1;
    for (const [i, record] of records.entries()) {
      if (record.timestamp === latest) seen.add("equal");
      if (record.timestamp < latest) seen.add("out of order");
      if (record.timestamp < latest - 45) seen.add("late");
      for (const distance of [-1, 0, 1]) {
        if (Math.abs(record.timestamp - latest) === 35 + distance) seen.add(`edge ${distance}`);
        if (record.timestamp > 0 && (record.timestamp - distance) % 10 === 0) {
          seen.add(`boundary ${distance}`);
        }
      }
      if (record.key === NULL_FIELD) seen.add("no key");
      if (record.value === NULL_FIELD) seen.add("no value");
      if (record.headers.length > 0) seen.add("headers");
      if (records.indexOf(record) < i) seen.add("twice");
      seen.add(record.topic);
      latest = Math.max(latest, record.timestamp);
    }
  }
  const expected = [
    "advance",
    "equal",
    "out of order",
    "late",
    "no key",
    "no value",
    "headers",
    "twice",
    "left",
    "right",
  ];
  for (const distance of [-1, 0, 1]) expected.push(`edge ${distance}`, `boundary ${distance}`);
  assertEquals([...seen].sort(), expected.sort());
});

Deno.test("our side runs every topology, and its outcome has outputs", async () => {
  for (const name of topologyNames) {
    let outputs = 0;
    for (let number = 0; number < 20; number++) {
      for (const lines of await runOurs(generateCase(name, topologyOf(name), 3, number))) {
        outputs += lines.length;
        // One topology is there to fail.
        if (name === "suppress-or-fail") continue;
        assertEquals(lines.filter((line) => line.startsWith("error")), [], name);
      }
    }
    assertEquals(outputs > 0, true, name);
  }
});

Deno.test("a difference in a record, its order or its number is found; errors are equal whatever they say", () => {
  const outcome: Outcome = [["out\ta"], [], ["out\tb", "out\tc"]];
  assertEquals(firstDifference(outcome, structuredClone(outcome)), -1);
  assertEquals(firstDifference(outcome, [["out\ta"], [], ["out\tc", "out\tb"]]), 2);
  assertEquals(firstDifference(outcome, [["out\ta"], ["out\tx"], ["out\tb", "out\tc"]]), 1);
  assertEquals(firstDifference(outcome, [[], [], ["out\tb", "out\tc"]]), 0);
  assertEquals(firstDifference([["error\tJava"]], [["error\tours"]]), -1);
  assertEquals(firstDifference([["error\tJava"]], [[]]), 0);
});

Deno.test("a difference is told with the fewest events", async () => {
  const random = randomOf("shrink");
  const original: Case = {
    ...generateCase("count", topologyOf("count"), 1, 0),
    events: Array.from({ length: 100 }, (_, i) => ({
      kind: "record",
      topic: "in",
      timestamp: i,
      key: i === 20 ? "first" : i === 70 ? "second" : "other",
      value: `${Math.floor(random() * 10)}`,
      headers: ["h=1"],
    })),
  };
  const right = (each: Case): Promise<Outcome> => Promise.resolve(each.events.map(() => []));
  // Wrong only once both have come, in this order.
  const wrong = (each: Case): Promise<Outcome> => {
    let first = false;
    return Promise.resolve(each.events.map((event) => {
      if (event.kind !== "record") return [];
      if (event.key === "first") first = true;
      return first && event.key === "second" ? ["out\twrong"] : [];
    }));
  };
  const { shrunk, expected, received } = await shrink(original, right, wrong);
  assertEquals(shrunk.events.map((event) => event.kind === "record" ? event.key : ""), ["first", "second"]);
  assertEquals(shrunk.events.flatMap((event) => event.kind === "record" ? event.headers : []), []);
  assertEquals([expected, received], [[], ["out\twrong"]]);
  await assertRejects(() => shrink(original, right, right), Error, "Cannot repeat a difference of count");
});
