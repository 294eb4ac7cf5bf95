import { DeserializationError, stringSerde } from "../../../src/serde/mod.ts";
import { EngineStats } from "../../../src/engine/mod.ts";
import type { StoreDef } from "../../../src/engine/state/definitions.ts";
import { makeStore } from "../../../src/engine/state/make_store.ts";
import { RestoreError } from "../../../src/engine/state/restore_error.ts";
import type { LoggedJoinWindowStore } from "../../../src/engine/state/typed/logged_join_window_store.ts";
import type { LoggedKeyValueStore } from "../../../src/engine/state/typed/logged_key_value_store.ts";
import type { LoggedSessionStore } from "../../../src/engine/state/typed/logged_session_store.ts";
import type { LoggedWindowStore } from "../../../src/engine/state/typed/logged_window_store.ts";
import type { OuterJoinStore } from "../../../src/engine/state/typed/outer_join_store.ts";
import type { SuppressBuffer } from "../../../src/engine/state/typed/suppress_buffer.ts";
import { encodeChange } from "../../../src/engine/state/suppress_changelog.ts";
import { TaskContext } from "../../../src/engine/task/task_context.ts";
import { RecordSet } from "../../../src/kafka/mod.ts";
import { joined } from "../mutations.ts";
import { bytesOf, refused } from "../support.ts";
import type { FuzzTarget } from "../target.ts";

const text = stringSerde();
const context = new TaskContext("0_0", 0, new EngineStats(), () => 77);

/** The input's first byte chooses one. */
const KINDS: readonly StoreDef["kind"][] = [
  "key-value",
  "join-window",
  "window",
  "session",
  "outer-join",
  "suppress",
];

type Rows = readonly (readonly [key: Uint8Array, value: Uint8Array | null])[];

const KEY = bytesOf("ab");
const TIME = Uint8Array.of(0, 0, 1, 0, 0, 0, 1, 2);
const VALUE = bytesOf("value");
const CHANGE = encodeChange({
  time: 5,
  timestamp: 6,
  offset: 7,
  topic: "t",
  partition: 0,
  headers: [{ key: "h", value: VALUE }, { key: "n", value: null }],
  prior: VALUE,
  old: null,
  value: VALUE,
});
const SEEDS: Readonly<Record<StoreDef["kind"], Rows>> = {
  "key-value": [[KEY, VALUE], [bytesOf("c"), VALUE], [KEY, null]],
  "join-window": [[joined(KEY, TIME, Uint8Array.of(0, 0, 0, 1)), VALUE], [
    joined(KEY, TIME, Uint8Array.of(0, 0, 0, 2)),
    VALUE,
  ]],
  "window": [[joined(KEY, TIME, new Uint8Array(4)), VALUE], [joined(KEY, TIME, new Uint8Array(4)), null]],
  "session": [[joined(KEY, TIME, TIME), VALUE], [joined(KEY, TIME, TIME), null]],
  "outer-join": [[joined(TIME, Uint8Array.of(1), KEY), Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0, 2, 1, 65)]],
  "suppress": [[KEY, CHANGE], [KEY, null], [bytesOf("c"), CHANGE]],
};

/** Changelogs from which stores are restored: keys with their times, and what suppressions and joins write. */
export const STATE: FuzzTarget = {
  name: "state",
  refusals: [],
  seeds: () =>
    KINDS.map((kind, i) => joined(Uint8Array.of(i), ...SEEDS[kind].map(([key, value]) => rowOf(key, value)))),
  run(input) {
    const kind = KINDS[(input[0] ?? 0) % KINDS.length]!;
    const def = { kind, name: "store", retentionMs: 1_000 } as StoreDef;
    const store = makeStore(
      { def, key: text, value: text, otherValue: text, changelog: undefined },
      context,
      undefined,
      undefined,
    );
    try {
      store.restore(recordsOf(input));
      read(kind, store);
    } catch (error) {
      refused(error, (error) => error instanceof RestoreError || error instanceof DeserializationError);
    }
  },
};

function read(kind: StoreDef["kind"], store: unknown): void {
  switch (kind) {
    case "key-value":
      return void (store as LoggedKeyValueStore<string, string>).entries();
    case "join-window": {
      const joinStore = store as LoggedJoinWindowStore<string, string>;
      for (let i = joinStore.fetch("ab", 0, 2 ** 53) - 1; i >= 0; i--) joinStore.valueAt(i);
      return;
    }
    case "window":
      return void (store as LoggedWindowStore<string, string>).entries(null, 0, 2 ** 53);
    case "session":
      return void (store as LoggedSessionStore<string, string>).entries(null, 0, 2 ** 53);
    case "outer-join": {
      const outer = store as OuterJoinStore<string, string, string>;
      for (const entry of outer.entries()) {
        outer.keyOf(entry);
        for (const value of entry.values) outer.leftValue(value);
      }
      return;
    }
    case "suppress": {
      const buffer = store as SuppressBuffer<string, string>;
      for (; buffer.size > 0; buffer.removeHead()) buffer.head();
    }
  }
}

/** The key's length and bytes, then the value's; 255 stands for no value. */
function rowOf(key: Uint8Array, value: Uint8Array | null): Uint8Array {
  return joined(
    Uint8Array.of(key.length),
    key,
    Uint8Array.of(value?.length ?? 255),
    value ?? new Uint8Array(0),
  );
}

/** One header, v = 3, as record format v2 has it. */
const HEADERS = Uint8Array.of(2, 2, 118, 2, 3);

function recordsOf(input: Uint8Array): RecordSet {
  const bytes = joined(input, HEADERS);
  const ranges: [key: number, keyEnd: number, value: number, valueEnd: number][] = [];
  for (let at = 1; at < input.length;) {
    const key = at + 1;
    const keyEnd = Math.min(key + input[at]!, input.length);
    const length = input[keyEnd] ?? 255;
    const value = length === 255 ? -1 : keyEnd + 1;
    at = value < 0 ? keyEnd + 1 : Math.min(value + length, input.length);
    ranges.push([key, keyEnd, value, at]);
  }
  const column = (index: 0 | 1 | 2 | 3): Int32Array => Int32Array.from(ranges, (range) => range[index]);
  const count = ranges.length;
  return new RecordSet({
    topic: "changelog",
    partition: 0,
    count,
    bytes,
    offsets: Float64Array.from(ranges, (_, i) => i),
    timestamps: Float64Array.from(ranges, (_, i) => 1_000 + i),
    keyStart: column(0),
    keyEnd: column(1),
    valueStart: column(2),
    valueEnd: column(3),
    headersStart: new Int32Array(count).fill(input.length),
    nextOffset: count,
    endOffset: count,
    startOffset: 0,
  });
}
