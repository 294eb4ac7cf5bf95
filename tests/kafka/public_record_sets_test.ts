import { assertEquals, assertThrows } from "@std/assert";
import { type FetchedRecord, recordSet } from "../../src/kafka/public_client/record_sets.ts";
import { bytes, text } from "./records.ts";

/** A record as kafkajs decodes it. */
function record(offset: number, value: string, more: Partial<FetchedRecord> = {}): FetchedRecord {
  return { offset: String(offset), timestamp: "5", key: null, value: bytes(value), headers: {}, ...more };
}

/** The same in a transaction. */
function transactional(offset: number, producerId: string, value: string): FetchedRecord {
  const batchContext = { producerId, inTransaction: true, firstOffset: String(offset), lastOffsetDelta: 0 };
  return record(offset, value, { batchContext });
}

const NO_TRANSACTION = { producerId: "7", inTransaction: false, firstOffset: "0", lastOffsetDelta: 0 };

function marker(offset: number, producerId: string, commit: boolean): FetchedRecord {
  const key = new Uint8Array([0, 0, 0, commit ? 1 : 0]);
  return { ...transactional(offset, producerId, ""), key, isControlRecord: true };
}

function seen(
  messages: readonly FetchedRecord[],
  abortedTransactions: { producerId: string; firstOffset: string }[] = [],
  offset = 0,
  readCommitted = true,
) {
  const fetched = {
    partition: 3,
    highWatermark: "90",
    lastStableOffset: "80",
    lastStartOffset: "2",
    abortedTransactions,
    messages,
  };
  const set = recordSet(fetched, { topic: "t", offset, readCommitted })!;
  return {
    values: Array.from({ length: set.count }, (_, i) => text(set.value(i))),
    offsets: [...set.offsets],
    next: set.nextOffset,
    end: set.endOffset,
    start: set.startOffset,
  };
}

Deno.test("records keep their offsets, and the set says where to read on", () => {
  const set = seen([record(4, "before"), record(5, "a"), record(9, "b")], [], 5);
  assertEquals(set, { values: ["a", "b"], offsets: [5, 9], next: 10, end: 80, start: 2 });
  assertEquals(seen([record(5, "a")], [], 5, false).end, 90);
});

Deno.test("an empty answer is no set", () => {
  const fetched = { partition: 0, highWatermark: "5", messages: [] };
  assertEquals(recordSet(fetched, { topic: "t", offset: 0, readCommitted: true }), undefined);
});

Deno.test("a batch whose end was compacted away is read past that end", () => {
  const batchContext = { producerId: "-1", inTransaction: false, firstOffset: "10", lastOffsetDelta: 9 };
  assertEquals(seen([record(12, "a", { batchContext })], [], 10).next, 20);
  // All that is left of it is before what was asked for.
  assertEquals(seen([record(12, "a", { batchContext })], [], 15), {
    values: [],
    offsets: [],
    next: 20,
    end: 80,
    start: 2,
  });
  assertEquals(seen([record(12, "a")], [], 15).next, 16);
});

Deno.test("aborted transactions are left out up to their markers, several at once too", () => {
  const messages = [
    transactional(0, "7", "gone"),
    transactional(1, "8", "gone"),
    { ...transactional(2, "7", "plain"), batchContext: NO_TRANSACTION },
    transactional(3, "9", "kept"),
    transactional(4, "7", "gone"),
    marker(5, "7", false),
    transactional(6, "7", "kept"),
    transactional(7, "8", "gone"),
    marker(8, "8", false),
    marker(9, "7", true),
    marker(10, "9", true),
  ];
  const aborted = [{ producerId: "8", firstOffset: "1" }, { producerId: "7", firstOffset: "0" }];
  assertEquals(seen(messages, aborted).values, ["plain", "kept", "kept"]);
  assertEquals(seen(messages, aborted).next, 11);
  assertEquals(seen(messages, aborted, 0, false).values.length, 7);
  // Begun before what was fetched: both are open at its first record.
  assertEquals(seen(messages.slice(4), aborted, 4).values, ["kept"]);
});

Deno.test("headers of one name keep their order", () => {
  const headers = { a: [bytes("1"), "2"], b: bytes("3"), c: undefined };
  const fetched = { partition: 0, highWatermark: "1", messages: [record(0, "v", { headers })] };
  const set = recordSet(fetched, { topic: "t", offset: 0, readCommitted: true })!;
  assertEquals(set.headers(0), [
    { key: "a", value: bytes("1") },
    { key: "a", value: bytes("2") },
    { key: "b", value: bytes("3") },
    { key: "c", value: null },
  ]);
});

Deno.test("a kafkajs that does not tell of transactions is refused where there are aborted ones", () => {
  assertThrows(() => seen([record(0, "a")], [{ producerId: "7", firstOffset: "0" }]), Error, "2.2.4");
});
