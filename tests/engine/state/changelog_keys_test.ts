import { assertEquals, assertThrows } from "@std/assert";
import { murmur2 } from "../../../src/kafka/port/murmur2.ts";
import { RecordSet } from "../../../src/kafka/port/record_set.ts";
import type { KeyBytes } from "../../../src/engine/record/key_bytes.ts";
import {
  isLeftSide,
  restoredKey,
  restoredTime,
  SESSION_SUFFIX_BYTES,
  SIDE_PREFIX_BYTES,
  sideKey,
  SuffixedKey,
  WINDOW_SUFFIX_BYTES,
  windowSequence,
} from "../../../src/engine/state/changelog_keys.ts";
import { RestoreError } from "../../../src/engine/state/restore_error.ts";
import { getTime, sessionEnd, sessionStart } from "../../../src/engine/windows/time_bytes.ts";

/** Some bytes amid others: what is before and behind them must not matter. */
function keyOf(...key: number[]): KeyBytes {
  return { bytes: Uint8Array.of(99, ...key, 99), from: 1, to: 1 + key.length, hash: 0 };
}

function bytesOf({ bytes, from, to }: KeyBytes): number[] {
  return [...bytes.subarray(from, to)];
}

/** Records with these keys, as a changelog gives them back. */
function changelogOf(...keys: (Uint8Array | null)[]): RecordSet {
  const bytes = Uint8Array.from(keys.flatMap((key) => [...key ?? []]));
  const ends = keys.map(((end) => (key: Uint8Array | null) => end += key?.length ?? 0)(0));
  const none = new Int32Array(keys.length).fill(-1);
  return new RecordSet({
    topic: "changelog",
    partition: 3,
    count: keys.length,
    bytes,
    offsets: Float64Array.from(keys, (_, i) => 40 + i),
    timestamps: new Float64Array(keys.length),
    keyStart: Int32Array.from(keys, (key, i) => key === null ? -1 : ends[i]! - key.length),
    keyEnd: Int32Array.from(ends),
    valueStart: none,
    valueEnd: none,
    headersStart: none,
    nextOffset: 40 + keys.length,
    endOffset: 40 + keys.length,
    startOffset: 0,
  });
}

Deno.test("a window store's changelog key is the key, the time and a sequence number", () => {
  const made = new SuffixedKey().ofWindow(keyOf(7, 8), 2 ** 40 + 258, 3);
  assertEquals(bytesOf(made), [7, 8, 0, 0, 1, 0, 0, 0, 1, 2, 0, 0, 0, 3]);
  assertEquals([getTime(made.bytes, 2), windowSequence(made.bytes, 2)], [2 ** 40 + 258, 3]);
});

Deno.test("a session store's changelog key is the key, the end and the start", () => {
  const made = new SuffixedKey().ofSession(keyOf(7), 258, 513);
  assertEquals(bytesOf(made), [7, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 1, 2]);
  assertEquals([sessionStart(made.bytes, 1), sessionEnd(made.bytes, 1)], [258, 513]);
});

Deno.test("a buffer of changelog keys grows with them, and a short key after a long one has nothing of it", () => {
  const made = new SuffixedKey();
  const long = Array.from({ length: 5_000 }, (_, i) => i % 251);
  assertEquals(bytesOf(made.ofWindow(keyOf(...long), 0, 0)).slice(0, 5_000), long);
  assertEquals(bytesOf(made.ofWindow(keyOf(1), 0, 0)), [1, ...new Array<number>(12).fill(0)]);
  assertEquals(bytesOf(made.ofSession(keyOf(), 0, 0)), new Array<number>(16).fill(0));
});

Deno.test("keys of records without a partner are in the order of time, then of sides, right first", () => {
  const key = keyOf(200);
  const inOrder = [sideKey(key, 255, false), sideKey(key, 255, true), sideKey(key, 256, false)];
  assertEquals([...inOrder[1]!], [0, 0, 0, 0, 0, 0, 0, 255, 1, 200]);
  assertEquals(inOrder.map((side) => getTime(side, 0)), [255, 255, 256]);
  assertEquals(inOrder.map(isLeftSide), [false, true, false]);
  assertEquals(inOrder[0]!.length - SIDE_PREFIX_BYTES, 1);
  const asText = inOrder.map((bytes) => String.fromCharCode(...bytes));
  assertEquals([...asText].sort(), asText);
});

Deno.test("a restored key is the store's own, with the hash that it is found by", () => {
  const windows = new SuffixedKey().ofWindow(keyOf(7, 8), 5, 0).bytes.slice(0, 2 + WINDOW_SUFFIX_BYTES);
  const set = changelogOf(Uint8Array.of(1), windows);
  assertEquals(bytesOf(restoredKey("plain", set, 0, 0)), [1]);
  const key = restoredKey("windows", set, 1, WINDOW_SUFFIX_BYTES);
  assertEquals([bytesOf(key), key.hash], [[7, 8], murmur2(Uint8Array.of(7, 8), 0, 2)]);
  assertEquals(getTime(set.bytes, key.to), 5);
});

Deno.test("a changelog record without a key, or with one too short, is refused by its place", () => {
  const set = changelogOf(null, new Uint8Array(SESSION_SUFFIX_BYTES - 1));
  const behind = "of changelog-3; is the topic another program's?";
  assertThrows(
    () => restoredKey("s", set, 0, 0),
    Error,
    `Cannot restore store s: received a record with no key at offset 40 ${behind}`,
  );
  assertThrows(
    () => restoredKey("s", set, 1, SESSION_SUFFIX_BYTES),
    Error,
    `Cannot restore store s: received a record with too short a key at offset 41 ${behind}`,
  );
});

Deno.test("a changelog record of a time beyond 2^53 ms is refused by its place", () => {
  const set = changelogOf(
    Uint8Array.of(0, 31, 255, 255, 255, 255, 255, 255),
    Uint8Array.of(127, ...new Uint8Array(7)),
  );
  assertEquals(restoredTime("s", set, 0, set.keyStart[0]!), 2 ** 53 - 1);
  assertThrows(
    () => restoredTime("s", set, 1, set.keyStart[1]!),
    RestoreError,
    "Cannot restore store s: received a record of the time 9151314442816848000 at offset 41 of changelog-3; is the topic",
  );
});
