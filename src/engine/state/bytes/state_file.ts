/**
 * The stores of one task on disk: one SQLite file, with the offsets of the changelogs up to which its content
 * is current. All changes between two commits are one transaction, so a process that dies leaves the file as
 * it was at a commit.
 *
 * When may the content be used again? Kafka Streams' rules hold: with at least once always, the changelogs'
 * tails bring it up to date; with exactly once only after a clean close, since it may hold changes of a
 * transaction that was aborted. A file that was not written for longer than compaction keeps tombstones is
 * not used either: it could bring removed keys back.
 *
 * @module
 */
import process from "node:process";
import type { DatabaseSync, StatementSync } from "node:sqlite";

/**
 * "kos" and the number of the format: SQLite keeps it in the file's header, so that other programs' files are
 * told apart.
 */
const FILE_ID = 0x6b6f7301;
/** Kafka's default of `delete.retention.ms`: how long a compacted topic keeps tombstones, in ms. */
const TOMBSTONES_KEPT_MS = 86_400_000;
/** Memory for pages that were read, in KiB. */
const PAGE_CACHE_KIB = 8192;

/** How an application processes, which decides when a file's content may be used again. */
export type Guarantee = "at_least_once" | "exactly_once";

/** Settings of a {@linkcode StateFile}. */
export interface StateFileOptions {
  readonly guarantee: Guarantee;
  /** The time of the machine, in ms since the epoch. */
  readonly now: () => number;
  /** Told when content can't be used and the changelogs will be read in full: why. */
  readonly onWiped?: (why: string) => void;
}

/** A state file that can't be used. The message says which, why, and what to do. */
export class StateFileError extends Error {
  /** How logs name the error. */
  override name = "StateFileError";
}

/** The open file of one task, with the transaction of what has changed since its last commit. */
export class StateFile {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #now: () => number;
  readonly #positions = new Map<string, number>();
  /** The stores' tables, by changelog. */
  readonly #tables = new Map<string, { readonly table: string; readonly emptied: () => void }>();
  readonly #setPosition: StatementSync;
  #closed = false;

  /**
   * Opens a file, or makes a new one.
   *
   * @throws {StateFileError} When another process has it open, it is damaged, or it is another program's.
   */
  constructor(path: string, options: StateFileOptions) {
    this.path = path;
    this.#now = options.now;
    let db: DatabaseSync | undefined;
    try {
      db = openDatabase(path);
      const id = prepareFile(db, path);
      if (id === 0) createTables(db);
      this.#db = db;
      const unusable = this.#unusable(options);
      if (unusable !== undefined && id !== 0) {
        options.onWiped?.(unusable);
        this.#dropAll();
      }
      const session = db.prepare("INSERT OR REPLACE INTO meta VALUES ('open', ?)");
      session.run(options.guarantee);
      for (const row of db.prepare("SELECT topic, position FROM checkpoint").all()) {
        this.#positions.set(row["topic"] as string, row["position"] as number);
      }
      this.#setPosition = db.prepare("INSERT OR REPLACE INTO checkpoint VALUES (?, ?)");
      db.exec("BEGIN");
    } catch (error) {
      db?.close();
      throw explain(path, error);
    }
  }

  /** Whether {@linkcode close} was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * By changelog topic: the offset from which on the store's content lacks the changes. A store without one
   * is empty.
   */
  get positions(): ReadonlyMap<string, number> {
    return this.#positions;
  }

  /** Bytes on disk that one of this file's stores has on average. */
  get bytesPerStore(): number {
    if (this.#closed) return 0;
    const pages = (this.#db.prepare("PRAGMA page_count").get() as { page_count: number }).page_count;
    return Math.round(pages * PAGE_BYTES / Math.max(1, this.#tables.size));
  }

  /** What the pages that are kept in memory take at most, divided by its stores. */
  get memoryBytesPerStore(): number {
    return Math.min(this.bytesPerStore, PAGE_CACHE_KIB * 1024 / Math.max(1, this.#tables.size));
  }

  /**
   * The table of a store, made if it is not there yet.
   *
   * @param columns Of the table, as SQL.
   * @param changelog The store's changelog; without one the store begins empty, as one in memory does.
   * @param emptied Told when {@linkcode forget} has emptied it.
   * @returns Its name, quoted.
   */
  table(
    kind: string,
    store: string,
    columns: string,
    changelog: string | undefined,
    emptied: () => void,
  ): string {
    const name = `${kind}:${store}`;
    const quoted = quote(name);
    return this.run(() => {
      const exists = this.#db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(
        name,
      );
      if (exists === undefined) {
        this.#db.exec(`CREATE TABLE ${quoted} (${columns}) WITHOUT ROWID`);
        if (changelog !== undefined) this.#forgetPosition(changelog);
      } else if (changelog === undefined || !this.#positions.has(changelog)) {
        this.#db.exec(`DELETE FROM ${quoted}`);
      }
      if (changelog !== undefined) this.#tables.set(changelog, { table: quoted, emptied });
      return quoted;
    });
  }

  /** Makes an index that is not there yet. */
  index(table: string, column: string): void {
    const name = quote(`${table.slice(1, -1).replaceAll('""', '"')}:${column}`);
    this.run(() => this.#db.exec(`CREATE INDEX IF NOT EXISTS ${name} ON ${table} (${column})`));
  }

  /** Prepares a statement whose rows are arrays. */
  prepare(sql: string): StatementSync {
    return this.run(() => {
      const statement = this.#db.prepare(sql);
      (statement as unknown as { setReturnArrays(on: boolean): void }).setReturnArrays(true);
      return statement;
    });
  }

  /**
   * Runs a step on the file.
   * @throws {StateFileError} When the file turns out to be damaged, or can't be written.
   */
  run<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      throw explain(this.path, error);
    }
  }

  /**
   * Makes what changed since the last commit durable, with the offsets up to which the changelogs are in it,
   * where they are known.
   */
  commit(positions?: ReadonlyMap<string, number>): void {
    if (this.#closed) return;
    this.run(() => {
      if (positions !== undefined) {
        for (const [topic, position] of positions) {
          if (!this.#tables.has(topic)) continue;
          this.#positions.set(topic, position);
          this.#setPosition.run(topic, position);
        }
        this.#db.prepare("INSERT OR REPLACE INTO meta VALUES ('saved', ?)").run(this.#now());
      }
      this.#db.exec("COMMIT");
      this.#db.exec("BEGIN");
    });
  }

  /** Empties the store of a changelog: what it holds is not that changelog's. */
  forget(changelog: string): void {
    const known = this.#tables.get(changelog);
    if (known === undefined) return;
    this.run(() => {
      this.#db.exec(`DELETE FROM ${known.table}`);
      this.#forgetPosition(changelog);
    });
    known.emptied();
  }

  /**
   * Closes the file. What changed since the last commit is dropped: it was not committed elsewhere either.
   *
   * @param clean Whether the last {@linkcode commit} had the positions of all that was ever written, and all
   * of it is committed.
   */
  close(clean: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.run(() => {
      this.#db.exec("ROLLBACK");
      if (clean) this.#db.exec("INSERT OR REPLACE INTO meta VALUES ('open', '')");
      this.#db.close();
    });
  }

  /** Why the content can't be used; `undefined` when it can. */
  #unusable({ guarantee, now }: StateFileOptions): string | undefined {
    const meta = new Map(
      this.#db.prepare("SELECT name, value FROM meta").all().map((row) => [row["name"], row["value"]]),
    );
    const open = meta.get("open") ?? "";
    if (open === "exactly_once" || (open !== "" && guarantee === "exactly_once")) {
      return "it was not closed cleanly, so it may hold changes of an aborted transaction";
    }
    const saved = meta.get("saved");
    if (saved !== undefined && now() - Number(saved) > TOMBSTONES_KEPT_MS) {
      return "it was saved more than a day ago, so removals may have left the changelog meanwhile";
    }
    return undefined;
  }

  #dropAll(): void {
    const tables = this.#db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE '%:%'")
      .all();
    this.#db.exec("BEGIN");
    for (const { name } of tables) this.#db.exec(`DROP TABLE ${quote(name as string)}`);
    this.#db.exec("DELETE FROM checkpoint");
    this.#db.exec("COMMIT");
  }

  #forgetPosition(changelog: string): void {
    this.#positions.delete(changelog);
    this.#db.prepare("DELETE FROM checkpoint WHERE topic = ?").run(changelog);
  }
}

const PAGE_BYTES = 8192;

/**
 * Opens a database. SQLite is loaded by the first one: Node warns of it where state is in memory too, and may
 * have been built without it.
 *
 * @throws {StateFileError} When the runtime has no SQLite.
 */
export function openDatabase(path: string): DatabaseSync {
  const sqlite = process.getBuiltinModule("node:sqlite");
  if (sqlite !== undefined) return new sqlite.DatabaseSync(path);
  throw new StateFileError(
    `Cannot use ${path}: received a runtime without node:sqlite; use Deno, or Node 22.13 or newer, ` +
      "or keep the state in memory",
  );
}

/** Whether an error of SQLite's says that somebody else has the file open. */
export function isHeld(error: unknown): boolean {
  return error instanceof Error && /locked|busy/i.test(error.message);
}

/** Checks whose the file is and sets it up. Returns the id in its header, 0 for a new file. */
function prepareFile(db: DatabaseSync, path: string): number {
  // Nobody else may open it, so that the log of changes needs no memory shared between processes.
  db.exec("PRAGMA busy_timeout = 0");
  db.exec("PRAGMA locking_mode = EXCLUSIVE");
  db.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
  const { application_id: id } = db.prepare("PRAGMA application_id").get() as { application_id: number };
  const tables = db.prepare("SELECT count(*) AS count FROM sqlite_schema").get() as { count: number };
  if (id !== FILE_ID && (id !== 0 || tables.count > 0)) {
    throw new StateFileError(
      `Cannot use state file ${path}: received a database of another program or version; ` +
        `move it elsewhere, or choose another state directory`,
    );
  }
  db.exec("PRAGMA journal_mode = WAL");
  // A power cut may lose the last transactions, not their order: the changelogs' tails make up for it.
  db.exec("PRAGMA synchronous = NORMAL");
  db.exec(`PRAGMA cache_size = -${PAGE_CACHE_KIB}`);
  return id;
}

function createTables(db: DatabaseSync): void {
  db.exec("BEGIN");
  db.exec("CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID");
  db.exec("CREATE TABLE checkpoint (topic TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID");
  db.exec(`PRAGMA application_id = ${FILE_ID}`);
  db.exec("COMMIT");
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Says which file it was and what to do. */
function explain(path: string, error: unknown): unknown {
  if (error instanceof StateFileError || !(error instanceof Error)) return error;
  const { message } = error;
  const cannot = `Cannot use state file ${path}: `;
  const cause = { cause: error };
  if (isHeld(error)) {
    return new StateFileError(
      `${cannot}received a file that another process has open; end that one, or give each instance a state ` +
        "directory of its own",
      cause,
    );
  }
  if (/not a database|malformed|corrupt/i.test(message)) {
    return new StateFileError(
      `${cannot}received a damaged file (${message}); delete it with its -wal file: the state is restored ` +
        "from the changelogs",
      cause,
    );
  }
  if (
    /full|readonly|read-only|unable to open|disk i\/o/i.test(message) ||
    error.name === "NotCapable"
  ) {
    return new StateFileError(
      `${cannot}${message}; see that the directory can be written to and has space left`,
      cause,
    );
  }
  return error;
}
