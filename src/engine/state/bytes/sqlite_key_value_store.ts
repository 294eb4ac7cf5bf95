/**
 * A key-value store on disk, for state larger than memory, with the optional retention that the one in memory
 * has: a key goes away once stream time has passed its last change by more than that.
 *
 * @module
 */
import type { StatementSync } from "node:sqlite";
import { murmur2 } from "../../../kafka/port/murmur2.ts";
import type { BytesKeyValueStore, ValueBytes } from "./bytes_store.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";
import { blobOf, SqliteStore } from "./sqlite_store.ts";
import type { StateFile } from "./state_file.ts";

/** Settings of a {@linkcode SqliteKeyValueStore}. */
export interface SqliteKeyValueStoreOptions {
  readonly name: string;
  /** The store's changelog; without one the store begins empty. */
  readonly changelog: string | undefined;
  /** How long a key lives after its last change, in ms of stream time; `Infinity` keeps all. */
  readonly retentionMs: number;
  /** Told of each key that goes away by itself, and of its timestamp. */
  readonly onExpired: ((key: KeyBytes, timestamp: number) => void) | undefined;
}

/** A {@linkcode BytesKeyValueStore} in a table of a {@linkcode StateFile}. */
export class SqliteKeyValueStore extends SqliteStore implements BytesKeyValueStore {
  readonly #retentionMs: number;
  readonly #onExpired: SqliteKeyValueStoreOptions["onExpired"];
  readonly #get: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #all: StatementSync;
  readonly #expired: StatementSync | undefined;
  readonly #oldestTime: StatementSync | undefined;
  #observedTime = -1;
  /** No entry is older than this. */
  #oldest = Infinity;

  constructor(file: StateFile, { name, changelog, retentionMs, onExpired }: SqliteKeyValueStoreOptions) {
    super(file);
    this.#retentionMs = retentionMs;
    this.#onExpired = onExpired;
    const table = file.table(
      "key-value",
      name,
      "key BLOB PRIMARY KEY, value BLOB NOT NULL, time INTEGER NOT NULL",
      changelog,
      () => {
        this.rows = 0;
        this.#observedTime = -1;
        this.#oldest = Infinity;
      },
    );
    this.#get = file.prepare(`SELECT value, time FROM ${table} WHERE key = ?`);
    this.#insert = file.prepare(`INSERT INTO ${table} (value, time, key) VALUES (?, ?, ?)`);
    this.#update = file.prepare(`UPDATE ${table} SET value = ?, time = ? WHERE key = ?`);
    this.#delete = file.prepare(`DELETE FROM ${table} WHERE key = ?`);
    this.#all = file.prepare(`SELECT key, value, time FROM ${table}`);
    if (retentionMs !== Infinity) {
      file.index(table, "time");
      this.#expired = file.prepare(`SELECT key, time FROM ${table} WHERE time < ? ORDER BY time LIMIT 1000`);
      this.#oldestTime = file.prepare(`SELECT min(time) FROM ${table}`);
      const [latest] = this.#first(file.prepare(`SELECT max(time) FROM ${table}`));
      if (latest !== null) this.#observedTime = latest as number;
      this.#findOldest();
    }
    this.rows = this.#first(file.prepare(`SELECT count(*) FROM ${table}`))[0] as number;
  }

  get(key: KeyBytes): ValueBytes | undefined {
    const row = this.file.run(() => this.#get.get(blobOf(key))) as unknown as
      | [Uint8Array, number]
      | undefined;
    return row === undefined || row[1] < this.#horizon() ? undefined : this.read(row[0], row[1]);
  }

  put(key: KeyBytes, value: Uint8Array, from: number, to: number, timestamp: number): void {
    this.load(key, value, from, to, timestamp);
    // Not at each step of the time: many at once cost less.
    if (this.#horizon() > this.#oldest + this.#retentionMs / 16) this.#expire();
  }

  load(key: KeyBytes, value: Uint8Array, from: number, to: number, timestamp: number): void {
    const bytes = value.subarray(from, to);
    const keyBytes = blobOf(key);
    this.file.run(() => {
      if (this.#update.run(bytes, timestamp, keyBytes).changes === 0) {
        this.#insert.run(bytes, timestamp, keyBytes);
        this.rows++;
      }
    });
    if (timestamp > this.#observedTime) this.#observedTime = timestamp;
    if (timestamp < this.#oldest) this.#oldest = timestamp;
  }

  delete(key: KeyBytes): boolean {
    const live = this.get(key) !== undefined;
    this.rows -= this.file.run(() => Number(this.#delete.run(blobOf(key)).changes));
    return live;
  }

  forEach(visit: (key: Uint8Array, value: Uint8Array, timestamp: number) => boolean | void): void {
    const horizon = this.#horizon();
    this.file.run(() => {
      for (const row of this.#all.iterate()) {
        const [key, value, time] = row as unknown as [Uint8Array, Uint8Array, number];
        if (time >= horizon && visit(key, value, time) === false) return;
      }
    });
  }

  #horizon(): number {
    return this.#observedTime - this.#retentionMs;
  }

  #expire(): void {
    const horizon = this.#horizon();
    for (let more = true; more;) {
      const rows = this.file.run(() => this.#expired!.all(horizon)) as unknown as [Uint8Array, number][];
      for (const [key, time] of rows) {
        this.#onExpired?.({ bytes: key, from: 0, to: key.length, hash: murmur2(key, 0, key.length) }, time);
        this.rows -= this.file.run(() => Number(this.#delete.run(key).changes));
      }
      more = rows.length > 0;
    }
    this.#findOldest();
  }

  #findOldest(): void {
    this.#oldest = (this.#first(this.#oldestTime!)[0] as number | null) ?? Infinity;
  }

  #first(statement: StatementSync): unknown[] {
    return this.file.run(() => statement.get()) as unknown as unknown[];
  }
}
