import { assertEquals, assertThrows } from "@std/assert";
import { internalTopics, parseTarget, planned, table } from "../../../src/service/reset/plan.ts";

const NOW = Date.UTC(2026, 0, 31, 12);

Deno.test("reset begins again at an end, an offset, a time or so long ago", () => {
  assertEquals(parseTarget("earliest", NOW), { kind: "earliest" });
  assertEquals(parseTarget("latest", NOW), { kind: "latest" });
  assertEquals(parseTarget("1234", NOW), { kind: "offset", offset: 1234 });
  assertEquals(parseTarget("2026-01-31T12:00:00Z", NOW), { kind: "time", ms: NOW });
  assertEquals(parseTarget("2026-01-31T13:00+01:00", NOW), { kind: "time", ms: NOW });
  assertEquals(parseTarget("2026-01-31", NOW), { kind: "time", ms: Date.UTC(2026, 0, 31) });
  assertEquals(parseTarget("1h30m", NOW), { kind: "time", ms: NOW - 5_400_000 });
});

Deno.test("what is no place to begin, or a time without its zone, is refused with what is allowed", () => {
  for (const text of ["", "begin", "-1", "1.5", "2026-01-31T12:00:00", "2026-13-01", "12h ago", "Earliest"]) {
    assertThrows(() => parseTarget(text, NOW), Error, "expected earliest, latest, an offset");
  }
});

const partition = { topic: "in", partition: 0, start: 10, end: 20, committed: 15 };

Deno.test("an offset within the log is taken as it is, another one is brought into it and says so", () => {
  for (const wanted of [10, 15, 20]) {
    assertEquals(planned({ ...partition, wanted }), { ...partition, wanted, offset: wanted, note: "" });
  }
  const of = (wanted: number) => {
    const { offset, note } = planned({ ...partition, wanted });
    return [offset, note];
  };
  assertEquals(of(9), [10, "9 is gone: at the begin"]);
  assertEquals(of(21), [20, "21 is beyond the end"]);
  assertEquals(of(-1), [20, "nothing so new: at the end"]);
});

Deno.test("an application's own topics are its changelogs and repartition topics, not those of one whose id goes on from its", () => {
  const topics = [
    "app-counts-changelog",
    "app-words-repartition",
    "app-dead-letters",
    "app-2-counts-changelog",
    "application-counts-changelog",
    "other-app-counts-changelog",
    "app-changelog-of-mine",
    "app-2-extra-repartition",
  ];
  assertEquals(internalTopics("app", topics, ["app", "app-2", "other"]), {
    own: ["app-counts-changelog", "app-words-repartition"],
    others: [
      { topic: "app-2-counts-changelog", applicationId: "app-2" },
      { topic: "app-2-extra-repartition", applicationId: "app-2" },
    ],
  });
  assertEquals(internalTopics("app-2", topics, ["app", "app-2"]).own, [
    "app-2-counts-changelog",
    "app-2-extra-repartition",
  ]);
});

Deno.test("the table has numbers to the right and no blanks at the ends", () => {
  assertEquals(
    table(["topic", "new", "note"], [["in", "7", ""], ["longer", "1000", "x"]]),
    ["topic   new   note", "in         7", "longer  1000  x"].join("\n"),
  );
});
