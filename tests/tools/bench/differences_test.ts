import { assertEquals } from "@std/assert";
import { AGGREGATE_CHANGELOG, CHANGELOGS } from "../../../bench/support/contents.ts";
import { differences, type NamedContents } from "../../../bench/support/differences.ts";

const FRAMES = 1_000;
const HITS = 3_000;

function contents(name: string, changes: number, over: Partial<NamedContents> = {}): NamedContents {
  const counts = {
    SESSIONS: changes,
    [CHANGELOGS[0]!]: FRAMES,
    [CHANGELOGS[1]!]: FRAMES,
    [AGGREGATE_CHANGELOG]: changes,
  };
  return { name, counts, keys: FRAMES, digest: "d1", ...over };
}

const sent = (cacheBytes: number) => ({ frames: FRAMES, hits: HITS, cacheBytes });

Deno.test("without a cache each hit is one change", () => {
  assertEquals(differences([contents("a", HITS), contents("b", HITS)], sent(0)), []);
  assertEquals(differences([contents("a", HITS), contents("b", HITS - 1)], sent(0)), [
    "b: 2999 changes of sessions; expected are 3000",
  ]);
});

Deno.test("with a cache each frame is one change, or two for each time that the cache was full", () => {
  assertEquals(differences([contents("a", FRAMES), contents("b", FRAMES + 1)], sent(1_000_000)), []);
  assertEquals(differences([contents("a", FRAMES - 1), contents("b", FRAMES + 2)], sent(1_000_000)), [
    "a: 999 changes of sessions; expected are from 1000 to 1001",
    "b: 1002 changes of sessions; expected are from 1000 to 1001",
  ]);
  assertEquals(differences([contents("a", HITS)], sent(1)), []);
});

Deno.test("joins' changelogs, keys and final sessions have to be the same", () => {
  const first = contents("a", HITS);
  const lost = { ...first.counts, [CHANGELOGS[1]!]: FRAMES - 3 };
  assertEquals(differences([first, contents("b", HITS, { counts: lost })], sent(0)), [
    `b: 997 records in ${CHANGELOGS[1]}; 1000 frames were sent`,
  ]);
  assertEquals(differences([first, contents("b", HITS, { keys: 999 })], sent(0)), [
    "b: sessions of 999 frames; 1000 were sent",
  ]);
  assertEquals(differences([first, contents("b", HITS, { digest: "d2" })], sent(0)), [
    "b: the sessions in the end are not those of a",
  ]);
  const unlogged = { ...first.counts, [AGGREGATE_CHANGELOG]: HITS - 1 };
  assertEquals(differences([contents("a", HITS, { counts: unlogged })], sent(0)), [
    "a: 3000 records in SESSIONS and 2999 in its changelog",
  ]);
});
