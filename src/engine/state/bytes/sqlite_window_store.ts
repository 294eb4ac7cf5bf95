/**
 * A window store on disk, for joins whose windows are larger than memory.
 *
 * @module
 */
import type { StatementSync } from "node:sqlite";
import type { BytesWindowStore, ValueBytes } from "./bytes_store.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";
import { blobOf, SqliteStore } from "./sqlite_store.ts";
import type { StateFile } from "./state_file.ts";

/** Settings of a {@linkcode SqliteWindowStore}. */
export interface SqliteWindowStoreOptions {
  readonly name: string;
  /** The store's changelog; without one the store begins empty. */
  readonly changelog: string | undefined;
  /** How long an entry can be found, in ms of stream time. */
  readonly retentionMs: number;
}

/** A {@linkcode BytesWindowStore} in a table of a {@linkcode StateFile}. */
export class SqliteWindowStore extends SqliteStore implements BytesWindowStore {
  readonly #retentionMs: number;
  readonly #spanMs: number;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #fetch: StatementSync;
  readonly #since: StatementSync;
  readonly #expire: StatementSync;
  #observedTime: number;
  #lastSequence: number;
  /** The number of the span of time up to which entries were dropped. */
  #droppedSpan = 0;
  #found: [number, Uint8Array][] = [];

  constructor(file: StateFile, { name, changelog, retentionMs }: SqliteWindowStoreOptions) {
    super(file);
    this.#retentionMs = retentionMs;
    this.#spanMs = Math.max(1, Math.ceil(retentionMs / 4));
    const table = file.table(
      "join-window",
      name,
      "key BLOB, time INTEGER, sequence INTEGER, value BLOB NOT NULL, PRIMARY KEY (key, time, sequence)",
      changelog,
      () => {
        this.rows = 0;
        this.#observedTime = -1;
      },
    );
    file.index(table, "time");
    this.#insert = file.prepare(`INSERT INTO ${table} (value, key, time, sequence) VALUES (?, ?, ?, ?)`);
    this.#update = file.prepare(`UPDATE ${table} SET value = ? WHERE key = ? AND time = ? AND sequence = ?`);
    this.#fetch = file.prepare(
      `SELECT time, value FROM ${table} WHERE key = ? AND time BETWEEN ? AND ? ORDER BY time, sequence`,
    );
    this.#since = file.prepare(`SELECT key, value, time FROM ${table} WHERE time > ?`);
    this.#expire = file.prepare(`DELETE FROM ${table} WHERE time <= ?`);
    const first = (sql: string): number | null =>
      (file.run(() => file.prepare(sql).get()) as unknown as [number | null])[0];
    this.rows = first(`SELECT count(*) FROM ${table}`)!;
    this.#observedTime = first(`SELECT max(time) FROM ${table}`) ?? -1;
    this.#lastSequence = first(`SELECT max(sequence) FROM ${table}`) ?? 0;
  }

  get observedTime(): number {
    return this.#observedTime;
  }

  get lastSequence(): number {
    return this.#lastSequence;
  }

  put(
    key: KeyBytes,
    timestamp: number,
    value: Uint8Array,
    from: number,
    to: number,
    sequence: number = this.#lastSequence + 1,
  ): boolean {
    if (timestamp > this.#observedTime) {
      this.#observedTime = timestamp;
      this.#drop();
    }
    // What is at the bound has expired, as in Kafka Streams' InMemoryWindowStore.
    if (timestamp <= this.#observedTime - this.#retentionMs) return false;
    const keyBytes = blobOf(key);
    const bytes = value.subarray(from, to);
    this.file.run(() => {
      // An entry is restored once more when the process died before it could note how far it had come.
      if (sequence <= this.#lastSequence) {
        if (this.#update.run(bytes, keyBytes, timestamp, sequence).changes !== 0) return;
      } else this.#lastSequence = sequence;
      this.#insert.run(bytes, keyBytes, timestamp, sequence);
      this.rows++;
    });
    return true;
  }

  fetch(key: KeyBytes, from: number, to: number): number {
    const first = Math.max(from, this.#observedTime - this.#retentionMs + 1);
    this.#found = this.file.run(() => this.#fetch.all(blobOf(key), first, to)) as unknown as [
      number,
      Uint8Array,
    ][];
    return this.#found.length;
  }

  entry(i: number): ValueBytes {
    const [timestamp, value] = this.#found[i]!;
    return this.read(value, timestamp);
  }

  forEach(visit: (key: Uint8Array, value: Uint8Array, timestamp: number) => void): void {
    this.file.run(() => {
      for (const row of this.#since.iterate(this.#observedTime - this.#retentionMs)) {
        const [key, value, time] = row as unknown as [Uint8Array, Uint8Array, number];
        visit(key, value, time);
      }
    });
  }

  /** Drops what has expired, a quarter of the retention at a time. */
  #drop(): void {
    const horizon = this.#observedTime - this.#retentionMs;
    const span = Math.floor(horizon / this.#spanMs);
    if (span <= this.#droppedSpan) return;
    this.#droppedSpan = span;
    this.rows -= this.file.run(() => Number(this.#expire.run(horizon).changes));
  }
}
