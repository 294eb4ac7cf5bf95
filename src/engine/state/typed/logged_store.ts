/**
 * What the typed stores have in common: a name, serdes, and the changelog that their changes go to.
 *
 * @module
 */
import type { Serde } from "../../../serde/serde.ts";
import type { RecordSet } from "../../../kafka/port/record_set.ts";
import type { EncodedRecord } from "../../record/encoded_record.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";
import type { ProcessorContext } from "../../record/processor_context.ts";
import type { ChangelogWriter } from "../changelog.ts";
import { restoredKey } from "../changelog_keys.ts";
import type { ManagedStore } from "../managed_store.ts";

/** What a typed store is made of, besides the place of its bytes. */
export interface StoreParts<K, V> {
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  readonly context: ProcessorContext;
  /** `undefined` for a store that is not logged. */
  readonly changelog: ChangelogWriter | undefined;
}

/** A store with serdes and a changelog. */
export abstract class LoggedStore<K, V> implements ManagedStore {
  readonly name: string;
  protected readonly keySerde: Serde<K>;
  protected readonly valueSerde: Serde<V>;
  protected readonly encoded: EncodedRecord;
  protected readonly changelog: ChangelogWriter | undefined;

  constructor({ name, key, value, context, changelog }: StoreParts<K, V>) {
    this.name = name;
    this.keySerde = key;
    this.valueSerde = value;
    this.encoded = context.encoded;
    this.changelog = changelog;
  }

  abstract get size(): number;
  abstract get bytes(): number;
  abstract restore(records: RecordSet): void;
}

/** The sizes of a store of bytes. */
interface SizedBytes {
  readonly size: number;
  readonly bytes: number;
  readonly memoryBytes?: number;
}

/**
 * Serdes and the changelog in front of a store of bytes. The methods that are called for each record stand in
 * the stores themselves: shared ones would be called with stores of several kinds, which costs time.
 */
export abstract class LoggedBytesStore<I extends SizedBytes, K, V> extends LoggedStore<K, V> {
  protected readonly inner: I;
  readonly #suffixBytes: number;

  /** @param suffixBytes How many bytes a changelog record's key has behind the store's. */
  constructor(inner: I, parts: StoreParts<K, V>, suffixBytes: number) {
    super(parts);
    this.inner = inner;
    this.#suffixBytes = suffixBytes;
  }

  get size(): number {
    return this.inner.size;
  }

  get bytes(): number {
    return this.inner.bytes;
  }

  get memoryBytes(): number {
    return this.inner.memoryBytes ?? this.inner.bytes;
  }

  restore(records: RecordSet): void {
    for (let i = 0; i < records.count; i++) {
      this.restoreOne(restoredKey(this.name, records, i, this.#suffixBytes), records, i);
    }
  }

  /** Applies one record of the changelog. */
  protected abstract restoreOne(key: KeyBytes, records: RecordSet, i: number): void;
}
