import type { RecordSet } from "../../kafka/port/record_set.ts";

/** What tasks and their application need of a store besides its use by processors. */
export interface ManagedStore {
  readonly name: string;
  readonly size: number;
  /** Bytes of memory, or on disk. */
  readonly bytes: number;
  /** Bytes of memory, where {@linkcode bytes} are on disk. */
  readonly memoryBytes?: number;
  /**
   * Applies records of the changelog.
   * @throws {RestoreError} When a record is not of this store's format: the topic is another program's.
   */
  restore(records: RecordSet): void;
  /**
   * Writes what it holds back until a commit to its changelog. Returns whether processors were told of
   * anything by that.
   */
  flush?(): boolean | void;
  /** Whether there is anything of that; left out, there may be at any time. */
  readonly holdsBack?: boolean;
  /**
   * Whether that has to wait until nothing of the task waits for promises: it deletes what was given out, and
   * what a crash takes would not be given out again.
   */
  readonly flushesLast?: boolean;
  /** Frees what it holds; it is not used any more. */
  close?(): void;
  /**
   * Drops the decoded values that it keeps at hand: a processor that failed may have changed one in place
   * without putting it.
   */
  forget?(): void;
}
