import { assert, assertEquals, assertMatch } from "@std/assert";
import { FAULTS } from "../../../scripts/chaos/faults.ts";
import { objections, type Outcome, table } from "../../../scripts/chaos/outcome.ts";
import { schedule } from "../../../scripts/chaos/schedule.ts";
import { Stalls } from "../../../scripts/chaos/stalls.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const GUARANTEES = ["at_least_once", "exactly_once"] as const;

const outcome: Outcome = {
  fault: "broker killed",
  guarantee: "exactly_once",
  sessions: 1_000,
  lost: 0,
  doubled: 0,
  stalledSeconds: 4,
  peakRss: 90e6,
  note: "",
  broken: [],
};

Deno.test("an outcome without loss, duplicates and a long stall is allowed", () => {
  assertEquals(objections(outcome, 20), []);
});

Deno.test("each thing that must not be is objected to by name", () => {
  const found = (change: Partial<Outcome>) => objections({ ...outcome, ...change }, 20).join();
  assertMatch(found({ lost: 2 }), /broker killed, exactly_once: 2 lost/);
  assertMatch(found({ doubled: 1 }), /1 doubled/);
  assertMatch(found({ stalledSeconds: 20.5 }), /20.5 s without progress, more than 20/);
  assertMatch(found({ sessions: 0 }), /nothing was tried/);
  assertMatch(found({ broken: ["an instance ended"] }), /an instance ended/);
  assertEquals(found({ guarantee: "at_least_once", doubled: 5 }), "");
});

Deno.test("the table has a line a fault and guarantee, with sums, and the longest stall", () => {
  const lines = table([outcome, { ...outcome, stalledSeconds: 7.25, lost: 1 }]).split("\n");
  assertEquals(lines.length, 3);
  assertEquals(lines[2]!.split("|").map((cell) => cell.trim()), [
    "",
    "broker killed",
    "exactly once",
    "2",
    "2000",
    "1",
    "0",
    "7.3",
    "90",
    "",
    "",
  ]);
});

Deno.test("the longest stall is that of any one partition", () => {
  const stalls = new Stalls(2, 0);
  stalls.came(0, 100);
  stalls.came(1, 900);
  stalls.came(0, 1_000);
  assertEquals(stalls.longest, 900);
});

Deno.test("a schedule keeps to its time, and has all faults with both guarantees where there is enough", () => {
  const { random, below } = seededRandom();
  const seconds = (round: { faults: readonly { seconds: number }[] }) =>
    10 + round.faults.reduce((sum, fault) => sum + fault.seconds, 0);
  for (let i = 0; i < 50; i++) {
    const time = 30 + below(3_000);
    const rounds = schedule(FAULTS, GUARANTEES, time, random);
    assert(rounds.reduce((sum, round) => sum + seconds(round), 0) <= time, `${time} s`);
  }
  // Ten minutes, the default, are enough.
  const all = schedule(FAULTS, GUARANTEES, 600, random).flatMap(({ guarantee, faults }) =>
    faults.map(({ name }) => `${name} ${guarantee}`)
  );
  assertEquals(new Set(all).size, 2 * FAULTS.length);
});

Deno.test("a schedule of two minutes has both guarantees or two places", () => {
  const { random } = seededRandom();
  const rounds = schedule(FAULTS, GUARANTEES, 120, random);
  assert(rounds.length >= 2);
});
