import { assert, assertEquals } from "@std/assert";
import { EncodeBuffer, type Serde } from "../../src/serde/mod.ts";
import { SessionCheck } from "../../src/demo/session_check.ts";
import type { FrameHeader, GameSession } from "../../src/game/hit.ts";
import { hitFromHex } from "../../src/game/hit_codec.ts";
import { RecordSet } from "../../src/kafka/port/record_set.ts";
import { arcadeSerdes } from "../../src/streams/sessions_topology.ts";

const serdes = arcadeSerdes(undefined);
const A: FrameHeader = { ts: 1, machine: "000001", zone: "EU" };
const B: FrameHeader = { ts: 2, machine: "000002", zone: "US" };
const C: FrameHeader = { ts: 3, machine: "000003", zone: "AU" };
const HIT = "c3004f2a00d9a5";
const MISS = "e3001f00d9b5";

function check(): SessionCheck {
  return new SessionCheck(serdes.header, serdes.session as Serde<GameSession>);
}

function set(header: FrameHeader, ...hits: string[]): RecordSet {
  const buffer = new EncodeBuffer();
  const at = buffer.encode(serdes.header, header, 0);
  const end = buffer.encode(serdes.session, { hits: hits.map((hex) => hitFromHex(hex)!) }, at);
  return new RecordSet({
    topic: "SESSIONS",
    partition: 0,
    count: 1,
    bytes: buffer.bytes,
    offsets: Float64Array.of(0),
    timestamps: Float64Array.of(0),
    keyStart: Int32Array.of(0),
    keyEnd: Int32Array.of(at),
    valueStart: Int32Array.of(at),
    valueEnd: Int32Array.of(end),
    headersStart: Int32Array.of(-1),
    nextOffset: 1,
    endOffset: 1,
    startOffset: 0,
  });
}

Deno.test("sessions with exactly the hits generated are correct, in any order, unanswered frames need none", () => {
  const all = check();
  all.generated({ header: A, hits: [HIT, MISS], answered: true });
  all.generated({ header: B, hits: [HIT], answered: false });
  all.came(set(A, HIT));
  all.came(set(A, MISS, HIT));
  assertEquals(all.result(), {
    frames: 2,
    answered: 1,
    changes: 2,
    updates: 2,
    expected: 1,
    correct: 1,
    missing: 0,
    wrong: 0,
    lacking: 0,
    unexpected: 0,
    example: undefined,
  });
});

Deno.test("a session that is missing, has other hits, or should not be is found", () => {
  const all = check();
  all.generated({ header: A, hits: [HIT, MISS], answered: true });
  all.generated({ header: B, hits: [HIT], answered: true });
  all.generated({ header: C, hits: [HIT], answered: false });
  all.came(set(A, HIT, HIT));
  all.came(set(C, HIT));
  const { missing, wrong, lacking, correct, unexpected, example } = all.result();
  assertEquals({ missing, wrong, lacking, correct, unexpected }, {
    missing: 1,
    wrong: 1,
    lacking: 1,
    correct: 0,
    unexpected: 1,
  });
  assert(example!.includes("000001"), example);
});

Deno.test("a session with hits too often lacks nothing", () => {
  const all = check();
  all.generated({ header: A, hits: [HIT, MISS], answered: true });
  all.came(set(A, HIT, MISS, HIT));
  const { wrong, lacking } = all.result();
  assertEquals({ wrong, lacking }, { wrong: 1, lacking: 0 });
});

Deno.test("frames that share a header are joined with each other's responses", () => {
  const all = check();
  all.generated({ header: A, hits: [HIT], answered: true });
  all.generated({ header: A, hits: [MISS, MISS], answered: true });
  all.came(set(A, HIT, MISS, MISS, MISS, HIT, MISS));
  assertEquals(all.result().correct, 1);
  all.came(set(A, HIT, MISS, MISS));
  assertEquals(all.result().wrong, 1);
});

Deno.test("the last sessions are told in words, the newest first", () => {
  const all = check();
  assertEquals(all.lastSessions(), []);
  all.came(set(A, HIT));
  all.came(set(B, MISS));
  const [newest, older, ...others] = all.lastSessions();
  assert(newest!.startsWith("000002@US"), newest);
  assert(older!.startsWith("000001@EU"), older);
  assertEquals(others, []);
  for (let i = 0; i < 9; i++) all.came(set(C, HIT));
  assertEquals(all.lastSessions().length, 5);
});
