import { assert, assertEquals } from "@std/assert";
import { EncodeBuffer, type Serde } from "../../src/serde/mod.ts";
import { Board } from "../../src/demo/board.ts";
import { SessionCheck } from "../../src/demo/session_check.ts";
import { readNumbers } from "../../src/demo/streams_view.ts";
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

Deno.test("the numbers are read from the metrics' text", () => {
  const text = `# HELP consumer_lag_game_frame_rq x
consumer_lag_game_frame_rq{client="a",topic="GAME-FRAME-RQ",partition="0",metric="records-lag"} 12
consumer_lag_game_frame_rq{client="a",topic="GAME-FRAME-RQ",partition="1",metric="records-lag"} 30
consumer_lag_game_frame_rs{client="a",topic="GAME-FRAME-RS",partition="-1",metric="records-lag"} 0
kos_streams_records_processed_total 77
`;
  const { processed, lag } = readNumbers(text, ["GAME-FRAME-RQ", "GAME-FRAME-RS"]);
  assertEquals(processed, 77);
  assertEquals([...lag!.values()], [42, 0]);
  // Before the first assignment it says nothing of a topic.
  assertEquals(
    readNumbers(text.replace(/.*game_frame_rs.*\n/, ""), ["GAME-FRAME-RQ", "GAME-FRAME-RS"]).lag,
    undefined,
  );
});

Deno.test("the board shows rates of what changed, and the lag as a bar", () => {
  const board = new Board(100);
  const lag = (rq: number, rs: number): Map<string, number> =>
    new Map([["GAME-FRAME-RQ", rq], ["GAME-FRAME-RS", rs]]);
  assertEquals(
    board.header(["GAME-FRAME-RQ", "GAME-FRAME-RS"]).trim().replace(/\s+/g, " "),
    "time in/s out/s sessions/s lag RQ lag RS lag last session",
  );
  board.line({
    elapsedMs: 1_000,
    sent: 500,
    processed: 400,
    sessions: 100,
    lag: lag(60_000, 40_000),
    lastSession: "x",
  });
  const line = board.line({
    elapsedMs: 3_000,
    sent: 4_500,
    processed: 2_400,
    sessions: 300,
    lag: lag(30_000, 20_000),
    lastSession: "y",
  });
  assertEquals(line.trim().split(/\s+/), [
    "3s",
    "2,000",
    "1,000",
    "100",
    "30,000",
    "20,000",
    "████████",
    "y",
  ]);
});

Deno.test("no line of the board is wider than the terminal, and the last session has what is left", () => {
  const lag = new Map([["GAME-FRAME-RQ", 123_456], ["GAME-FRAME-RS", 1_234_567]]);
  const lastSession = `000042@EU ${"jab ".repeat(50)}`;
  const reading = { elapsedMs: 1_000, sent: 1e6, processed: 1e6, sessions: 1e6, lag, lastSession };
  for (const width of [62, 70, 80, 100, 160]) {
    const board = new Board(width);
    for (const line of [board.header([...lag.keys()]), board.line(reading), board.line(reading)]) {
      assert([...line].length <= width, `${[...line].length} of ${width}: ${line}`);
    }
    assertEquals(board.line(reading).includes("000042@EU"), width >= 100);
  }
});
