import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { type Guarantee, StateFile, StateFileError } from "../../../../src/engine/state/bytes/state_file.ts";
import { SqliteKeyValueStore } from "../../../../src/engine/state/bytes/sqlite_key_value_store.ts";
import { SqliteWindowStore } from "../../../../src/engine/state/bytes/sqlite_window_store.ts";
import { withDirectory } from "../../../support/temporary_directory.ts";
import { foundText, keyOf, rangeOf } from "./stored_bytes.ts";

const DAY_MS = 86_400_000;

/** Opens a file with a key-value store; `wiped` gathers why content was dropped. */
function openStore(
  path: string,
  { guarantee = "at_least_once" as Guarantee, nowMs = 0, logged = true } = {},
): { file: StateFile; store: SqliteKeyValueStore; wiped: string[] } {
  const wiped: string[] = [];
  const file = new StateFile(path, { guarantee, now: () => nowMs, onWiped: (why) => wiped.push(why) });
  const store = new SqliteKeyValueStore(file, {
    name: "s",
    changelog: logged ? "c" : undefined,
    retentionMs: Infinity,
    onExpired: undefined,
  });
  return { file, store, wiped };
}

function put(store: SqliteKeyValueStore, key: string, value: string): void {
  const { bytes, from, to } = rangeOf(value);
  store.put(keyOf(key), bytes, from, to, 1);
}

function value(store: SqliteKeyValueStore, key: string): string | undefined {
  return foundText(store.get(keyOf(key)))?.[0];
}

function withPath(body: (path: string) => void): void {
  withDirectory((directory) => body(`${directory}/0_0.sqlite`));
}

Deno.test("a state file keeps what was committed, with how far the changelog is in it", () =>
  withPath((path) => {
    const first = openStore(path);
    put(first.store, "a", "1");
    first.file.commit(new Map([["c", 7]]));
    put(first.store, "b", "not committed");
    first.file.close(false);
    const second = openStore(path);
    assertEquals([...second.file.positions], [["c", 7]]);
    assertEquals([value(second.store, "a"), value(second.store, "b"), second.store.size], [
      "1",
      undefined,
      1,
    ]);
    assertEquals(second.wiped, []);
    second.file.close(true);
  }));

Deno.test("content without a position is of no use: nobody knows which changes it lacks", () =>
  withPath((path) => {
    const first = openStore(path);
    put(first.store, "a", "1");
    first.file.commit();
    first.file.close(false);
    const second = openStore(path);
    assertEquals(second.store.size, 0);
    second.file.close(true);
  }));

Deno.test("with exactly once, content is used again only after a clean close", () => {
  const cases: [Guarantee, boolean, Guarantee, boolean][] = [
    ["at_least_once", false, "at_least_once", true],
    ["at_least_once", true, "exactly_once", true],
    ["at_least_once", false, "exactly_once", false],
    ["exactly_once", true, "exactly_once", true],
    ["exactly_once", false, "exactly_once", false],
    ["exactly_once", true, "at_least_once", true],
    ["exactly_once", false, "at_least_once", false],
  ];
  for (const [before, clean, after, kept] of cases) {
    withPath((path) => {
      const first = openStore(path, { guarantee: before });
      put(first.store, "a", "1");
      first.file.commit(new Map([["c", 7]]));
      first.file.close(clean);
      const second = openStore(path, { guarantee: after });
      const what = `${before}, ${clean ? "closed" : "killed"}, then ${after}`;
      assertEquals(second.store.size, kept ? 1 : 0, what);
      assertEquals([...second.file.positions], kept ? [["c", 7]] : [], what);
      assertEquals(second.wiped.length, kept ? 0 : 1, what);
      second.file.close(true);
    });
  }
});

Deno.test("content older than tombstones are kept is not used, since removed keys would come back", () =>
  withPath((path) => {
    const first = openStore(path);
    put(first.store, "a", "1");
    first.file.commit(new Map([["c", 7]]));
    first.file.close(true);
    const inTime = openStore(path, { nowMs: DAY_MS });
    assertEquals(inTime.store.size, 1);
    inTime.file.close(true);
    const late = openStore(path, { nowMs: DAY_MS + 1 });
    assertEquals([late.store.size, late.file.positions.size], [0, 0]);
    assertStringIncludes(late.wiped.join(), "more than a day ago");
    late.file.close(true);
  }));

Deno.test("a store without a changelog begins empty, and a store of another kind does not take the position over", () =>
  withPath((path) => {
    const first = openStore(path);
    put(first.store, "a", "1");
    first.file.commit(new Map([["c", 7]]));
    first.file.close(true);
    const unlogged = openStore(path, { logged: false });
    assertEquals(unlogged.store.size, 0);
    unlogged.file.close(true);
    const file = new StateFile(path, { guarantee: "at_least_once", now: () => 0 });
    new SqliteWindowStore(file, { name: "s", changelog: "c", retentionMs: 10 });
    assertEquals(file.positions.size, 0);
    file.close(true);
  }));

Deno.test("a store can be emptied when the changelog is not the one that it was made from", () =>
  withPath((path) => {
    const { file, store } = openStore(path);
    put(store, "a", "1");
    file.commit(new Map([["c", 7]]));
    file.forget("c");
    assertEquals([value(store, "a"), store.size, file.positions.size], [undefined, 0, 0]);
    file.close(true);
  }));

Deno.test("an entry that is restored twice is one entry, and sequence numbers go on", () =>
  withPath((path) => {
    const open = (): { file: StateFile; store: SqliteWindowStore } => {
      const file = new StateFile(path, { guarantee: "at_least_once", now: () => 0 });
      return { file, store: new SqliteWindowStore(file, { name: "w", changelog: "c", retentionMs: 100 }) };
    };
    const first = open();
    const { bytes, from, to } = rangeOf("v");
    for (const sequence of [4, 5]) first.store.put(keyOf("k"), 50, bytes, from, to, sequence);
    first.file.commit(new Map([["c", 1]]));
    first.file.close(false);
    const second = open();
    assertEquals([second.store.lastSequence, second.store.observedTime, second.store.size], [5, 50, 2]);
    second.store.put(keyOf("k"), 50, bytes, from, to, 5);
    assertEquals([second.store.size, second.store.fetch(keyOf("k"), 0, 100)], [2, 2]);
    second.store.put(keyOf("k"), 50, bytes, from, to);
    assertEquals([second.store.lastSequence, second.store.fetch(keyOf("k"), 0, 100)], [6, 3]);
    second.file.close(true);
  }));

Deno.test("a state file that is in use, damaged or another program's is refused by name, with what to do", () =>
  withDirectory((directory) => {
    const used = `${directory}/used.sqlite`;
    const { file } = openStore(used);
    const inUse = assertThrows(() => openStore(used), StateFileError, used);
    assertStringIncludes(inUse.message, "give each instance a state directory of its own");
    file.close(true);

    const text = `${directory}/text.sqlite`;
    Deno.writeTextFileSync(text, "a letter, not a database. ".repeat(500));
    const damaged = assertThrows(() => openStore(text), StateFileError, text);
    assertStringIncludes(damaged.message, "delete it");
    assertEquals(Deno.readTextFileSync(text).startsWith("a letter"), true);

    const foreign = `${directory}/foreign.sqlite`;
    const db = new DatabaseSync(foreign);
    db.exec("CREATE TABLE accounts (id INTEGER)");
    db.close();
    const others = assertThrows(() => openStore(foreign), StateFileError, foreign);
    assertStringIncludes(others.message, "another program");
  }));

Deno.test("damage inside a state file is told when it is met, with the file's name", () =>
  withPath((path) => {
    const first = openStore(path);
    for (let i = 0; i < 2_000; i++) put(first.store, `key ${i}`, "value ".repeat(20));
    first.file.commit(new Map([["c", 7]]));
    first.file.close(true);
    const bytes = Deno.readFileSync(path);
    // All but the first pages, which hold the schema.
    bytes.fill(0xa5, 8192 * 8);
    Deno.writeFileSync(path, bytes);
    const error = assertThrows(() => {
      const { file, store } = openStore(path);
      try {
        for (let i = 0; i < 2_000; i++) value(store, `key ${i}`);
      } finally {
        file.close(false);
      }
    }, StateFileError);
    assertStringIncludes(error.message, `${path}: received a damaged file`);
  }));
