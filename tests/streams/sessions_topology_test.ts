import { assertEquals } from "@std/assert";
import { TopologyTestDriver } from "../../src/engine/testing/mod.ts";
import { FrameGenerator } from "../../src/game/frame_generator.ts";
import type { FrameBody, FrameHeader, GameSession } from "../../src/game/hit.ts";
import { hitFromHex } from "../../src/game/hit_codec.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC } from "../../src/game/topics.ts";
import { sessionsTopology } from "../../src/streams/sessions_topology.ts";
import { seededRandom } from "../support/seeded_random.ts";

const header: FrameHeader = { ts: 1_000, machine: "000042", zone: "EU" };
const O_CRITICAL = "c3004f2a00d9a5";
const X_MISSED = "e3001f00d9b5";

function body(approval: boolean | null, ...bytes: string[]): FrameBody {
  return { approval, bytes };
}

function sessions(driver: TopologyTestDriver): GameSession[] {
  return driver.read<FrameHeader, GameSession>(SESSIONS_TOPIC).map(({ value }) => value);
}

Deno.test("an answered request becomes a session, a change a hit", async () => {
  const driver = await TopologyTestDriver.create(sessionsTopology());
  driver.pipe(REQUESTS_TOPIC, header, body(false, O_CRITICAL, X_MISSED), 1_000);
  assertEquals(sessions(driver), []);
  driver.pipe(RESPONSES_TOPIC, header, body(true, X_MISSED), 4_000);
  const first = {
    impact: 42,
    key: "O",
    doubleKey: null,
    direction: null,
    impactType: "Critical",
    level: "NewBie",
    game: "Neowave",
  } as const;
  const second = {
    impact: 0,
    key: "X",
    doubleKey: null,
    direction: null,
    impactType: "Missed",
    level: "NewBie",
    game: "NeoBlood",
  } as const;
  // The hits are the request's, whatever the response says.
  assertEquals(sessions(driver), [{ hits: [first] }, { hits: [first, second] }]);
});

Deno.test("a response more than 3 s away makes no session", async () => {
  const driver = await TopologyTestDriver.create(sessionsTopology());
  driver.pipe(REQUESTS_TOPIC, header, body(false, O_CRITICAL), 1_000);
  driver.pipe(RESPONSES_TOPIC, header, body(true, O_CRITICAL), 4_001);
  driver.pipe(RESPONSES_TOPIC, { ...header, zone: "US" }, body(true, O_CRITICAL), 1_000);
  assertEquals(sessions(driver), []);
});

Deno.test("undecodable hits are left out and told of", async () => {
  const undecodable: string[] = [];
  const driver = await TopologyTestDriver.create(
    sessionsTopology({ onUndecodableHit: (hex) => undecodable.push(hex) }),
  );
  driver.pipe(REQUESTS_TOPIC, header, body(false, "nonsense", X_MISSED, "c3"), 1_000);
  driver.pipe(RESPONSES_TOPIC, header, body(true), 1_000);
  assertEquals(sessions(driver).map(({ hits }) => hits.length), [1]);
  assertEquals(undecodable, ["nonsense", "c3"]);
});

Deno.test("generated frames come out as their sessions, whatever the order of the topics", async () => {
  const { below } = seededRandom();
  const generator = new FrameGenerator({ seed: below(1_000_000) });
  const driver = await TopologyTestDriver.create(sessionsTopology());
  const expected = new Map<string, string[]>();
  for (let i = 0; i < 2_000; i++) {
    const frame = generator.next(1_700_000_000_000 + i * 7);
    const send = [
      () => driver.pipe(REQUESTS_TOPIC, frame.header, body(false, ...frame.hits), frame.header.ts),
    ];
    if (frame.answered) {
      send.push(() =>
        driver.pipe(RESPONSES_TOPIC, frame.header, body(true, ...frame.hits), frame.header.ts + below(3_001))
      );
      expected.set(JSON.stringify(frame.header), [...frame.hits]);
    }
    if (below(2) === 0) send.reverse();
    for (const each of send) each();
  }
  const found = new Map<string, GameSession>();
  for (const { key, value } of driver.read<FrameHeader, GameSession>(SESSIONS_TOPIC)) {
    found.set(JSON.stringify({ ts: key.ts, machine: key.machine, zone: key.zone }), value);
  }
  assertEquals(found.size, expected.size);
  for (const [key, hits] of expected) assertEquals(found.get(key)?.hits, hits.map((hex) => hitFromHex(hex)!));
});
