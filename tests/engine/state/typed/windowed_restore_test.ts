import { assertEquals, assertThrows } from "@std/assert";
import { stringSerde } from "../../../../src/serde/mod.ts";
import { EngineStats, Windowed, windowedSerde } from "../../../../src/engine/mod.ts";
import { TaskContext } from "../../../../src/engine/task/task_context.ts";
import { ChangelogWriter } from "../../../../src/engine/state/changelog.ts";
import { RestoreError } from "../../../../src/engine/state/restore_error.ts";
import type { ManagedStore } from "../../../../src/engine/state/managed_store.ts";
import { LoggedSessionStore } from "../../../../src/engine/state/typed/logged_session_store.ts";
import { LoggedWindowStore } from "../../../../src/engine/state/typed/logged_window_store.ts";
import { MemorySessionStore } from "../../../../src/engine/state/bytes/memory_session_store.ts";
import { MemoryWindowKeyValueStore } from "../../../../src/engine/state/bytes/memory_window_kv_store.ts";
import { SuppressBuffer } from "../../../../src/engine/state/typed/suppress_buffer.ts";
import { MemoryLog, type RecordSet } from "../../../../src/kafka/mod.ts";
import { seededRandom } from "../../../support/seeded_random.ts";
import type { Serde } from "../../../../src/serde/serde.ts";
import type { StoreParts } from "../../../../src/engine/state/typed/logged_store.ts";
import { LoggedJoinWindowStore } from "../../../../src/engine/state/typed/logged_join_window_store.ts";
import { MemoryWindowStore } from "../../../../src/engine/state/bytes/memory_window_store.ts";

const CHANGELOG = { topic: "changelog", partition: 0 };
const text = stringSerde();

/** A log with a changelog, and stores that write to it and are restored from it. */
class Place {
  readonly log = new MemoryLog();
  readonly context = new TaskContext("0_0", 0, new EngineStats(), () => 77);
  readonly changelog: ChangelogWriter;

  private constructor() {
    this.context.producer = this.log.producer();
    this.changelog = new ChangelogWriter(CHANGELOG.topic, this.context);
  }

  static async make(): Promise<Place> {
    const place = new Place();
    await place.log.createTopics([{ topic: CHANGELOG.topic, partitions: 1 }]);
    return place;
  }

  /** What a store with this changelog is made of; its values are texts. */
  parts<K>(name: string, key: Serde<K>): StoreParts<K, string> {
    return { name, key, value: text, context: this.context, changelog: this.changelog };
  }

  /** What the changelog has, up to now. */
  async written(): Promise<RecordSet[]> {
    await this.context.producer.flush();
    const [end] = await this.log.offsets([CHANGELOG], "latest");
    const fetcher = this.log.fetcher();
    fetcher.assign(CHANGELOG, 0);
    const sets: RecordSet[] = [];
    while ((sets.at(-1)?.nextOffset ?? 0) < end!) sets.push(...await fetcher.poll(1_000));
    await fetcher.close();
    return sets;
  }

  async restored<S extends ManagedStore>(store: S): Promise<S> {
    for (const set of await this.written()) store.restore(set);
    return store;
  }

  async close(): Promise<void> {
    await this.context.producer.close();
    await this.log.close();
  }
}

function rows(sets: readonly RecordSet[]): [key: number[], value: number[] | null, timestamp: number][] {
  return sets.flatMap((set) =>
    Array.from({ length: set.count }, (_, i) => {
      const value = set.value(i);
      return [[...set.key(i)!], value && [...value], set.timestamps[i]!] as [
        number[],
        number[] | null,
        number,
      ];
    })
  );
}

Deno.test("a window store is restored from its changelog, whose keys are Kafka Streams'", async () => {
  const { below } = seededRandom();
  const place = await Place.make();
  const make = (): LoggedWindowStore<string, string> =>
    new LoggedWindowStore(new MemoryWindowKeyValueStore(200), place.parts("w", text));
  const store = make();
  store.put("ab", 258, "x", 300);
  store.put("ab", 258, null, 301);
  assertEquals(rows(await place.written()), [
    [[97, 98, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0], [120], 300],
    [[97, 98, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0], null, 301],
  ]);
  for (let step = 0; step < 500; step++) {
    const value = below(4) === 0 ? null : `value ${step}`;
    store.put(`k${below(9)}`, 200 + step - below(300), value, 1_000 + below(100));
  }
  const again = await place.restored(make());
  assertEquals(again.entries(null, 0, Infinity), store.entries(null, 0, Infinity));
  assertEquals(again.entries("k1", 0, Infinity), store.entries("k1", 0, Infinity));
  await place.close();
});

Deno.test("a join's window store is restored from its changelog, and goes on counting after it", async () => {
  const place = await Place.make();
  const make = (): LoggedJoinWindowStore<string, string> =>
    new LoggedJoinWindowStore(new MemoryWindowStore(200), place.parts("j", text));
  const store = make();
  store.put("ab", "x", 258);
  store.put("ab", "y", 258);
  const key = [97, 98, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0];
  assertEquals(rows(await place.written()), [[[...key, 1], [120], 258], [[...key, 2], [121], 258]]);
  const again = await place.restored(make());
  assertEquals(again.fetch("ab", 0, Infinity), 2);
  assertEquals([again.valueAt(0), again.valueAt(1), again.timestampAt(1)], ["x", "y", 258]);
  // Compaction would take an entry with a number that was there already for the older one.
  again.put("ab", "z", 258);
  assertEquals(rows(await place.written()).at(-1), [[...key, 3], [122], 258]);
  assertEquals(again.put("ab", "expired", 1), false);
  assertEquals(rows(await place.written()).length, 3);
  await place.close();
});

Deno.test("a session store is restored from its changelog, whose keys are Kafka Streams'", async () => {
  const { below } = seededRandom();
  const place = await Place.make();
  const make = (): LoggedSessionStore<string, string> =>
    new LoggedSessionStore(new MemorySessionStore(200), place.parts("s", text));
  const store = make();
  store.put("ab", 258, 513, "x", 514);
  store.put("ab", 258, 513, null, 515);
  const key = [97, 98, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 1, 2];
  assertEquals(rows(await place.written()), [[key, [120], 514], [key, null, 515]]);
  for (let step = 0; step < 500; step++) {
    const [known] = below(3) === 0 ? store.entries(`k${below(9)}`, 0, Infinity) : [];
    const end = 600 + step - below(300);
    if (known === undefined) store.put(`k${below(9)}`, end - below(50), end, `value ${step}`, end);
    else store.put(known.key, known.startMs, known.endMs, null, end);
  }
  const again = await place.restored(make());
  assertEquals(again.entries(null, 0, Infinity), store.entries(null, 0, Infinity));
  assertEquals(again.size > 0, true);
  await place.close();
});

Deno.test("a suppression's buffer is restored from its changelog, and lets the same go in the same order", async () => {
  const { below } = seededRandom();
  const place = await Place.make();
  const make = (): SuppressBuffer<Windowed<string>, string> =>
    new SuppressBuffer(place.parts("b", windowedSerde(text, 10)));
  const buffer = make();
  const headers = [{ key: "trace", value: Uint8Array.of(1, 2) }, { key: "none", value: null }];
  for (let step = 0; step < 400; step++) {
    place.context.origin.replaceHeaders(below(3) === 0 ? headers : undefined);
    const start = below(40) * 5;
    const value = below(8) === 0 ? null : `value ${step}`;
    buffer.put(
      start + 10,
      new Windowed(`k${below(5)}`, start, start + 10),
      value,
      below(2) === 0 ? null : "old",
      step,
    );
    if (below(3) === 0) buffer.removeHead();
    if (below(20) === 0) buffer.flush();
  }
  buffer.flush();
  const again = await place.restored(make());
  assertEquals([again.size, again.bufferBytes], [buffer.size, buffer.bufferBytes]);
  assertEquals(again.size > 10, true);
  let before = -1;
  while (buffer.size > 0) {
    assertEquals(again.minTime, buffer.minTime);
    assertEquals(buffer.minTime >= before, true);
    before = buffer.minTime;
    assertEquals(again.head(), buffer.head());
    assertEquals(again.priorValue(again.head().key), buffer.priorValue(buffer.head().key));
    again.removeHead();
    buffer.removeHead();
  }
  assertEquals([again.size, again.minTime, again.bufferBytes], [0, Infinity, 0]);
  await place.close();
});

Deno.test("a suppression's changelog has Kafka Streams' version 3, one record a key and commit", async () => {
  const place = await Place.make();
  const make = (): SuppressBuffer<string, string> => new SuppressBuffer(place.parts("b", text));
  const buffer = make();
  buffer.put(5, "k", "first", "p", 6);
  buffer.put(7, "k", "v", "o", 258);
  buffer.flush();
  buffer.flush();
  buffer.removeHead();
  buffer.flush();
  const [set] = await place.written();
  assertEquals(set!.headers(0), [{ key: "v", value: Uint8Array.of(3) }]);
  // The context (time, offset −1, an empty topic, partition 0, no headers), the three values, and the time that orders the buffer.
  // deno-fmt-ignore
  assertEquals(rows([set!]), [
    [[107], [
      0, 0, 0, 0, 0, 0, 1, 2, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
      0, 0, 0, 1, 112, 0, 0, 0, 1, 111, 0, 0, 0, 1, 118,
      0, 0, 0, 0, 0, 0, 0, 5,
    ], 77],
    [[107], null, 77],
  ]);
  assertEquals((await place.restored(make())).size, 0);
  await place.close();
});

Deno.test("a changelog of another program is refused, by its place", async () => {
  const place = await Place.make();
  const key = { bytes: Uint8Array.of(1, 2, 3), from: 0, to: 3, hash: 0 };
  place.changelog.write(key, Uint8Array.of(4), 0, 1, 5);
  const [set] = await place.written();
  const stores: ManagedStore[] = [
    new LoggedWindowStore(new MemoryWindowKeyValueStore(9), place.parts("w", text)),
    new LoggedSessionStore(new MemorySessionStore(9), place.parts("s", text)),
  ];
  for (const store of stores) {
    assertThrows(
      () => store.restore(set!),
      Error,
      `Cannot restore store ${store.name}: received a record with too short a key at offset 0 of changelog-0`,
    );
  }
  assertThrows(
    () => new SuppressBuffer(place.parts("b", text)).restore(set!),
    Error,
    "Cannot restore store b: received a record without the header v = 3 at offset 0 of changelog-0",
  );
  await place.close();
});

Deno.test("a suppression whose changelog has a record that ends too soon is not restored", async () => {
  const place = await Place.make();
  const cut = Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 2);
  place.changelog.write({ bytes: cut, from: 0, to: 1, hash: 0 }, cut, 0, 8, 5, [{
    key: "v",
    value: Uint8Array.of(3),
  }]);
  const buffer = new SuppressBuffer(place.parts("b", text));
  const [set] = await place.written();
  assertThrows(
    () => buffer.restore(set!),
    RestoreError,
    "Cannot restore store b: received a record that ends too soon at offset 0 of changelog-0",
  );
  await place.close();
});
