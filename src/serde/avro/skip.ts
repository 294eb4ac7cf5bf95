/**
 * HOT PATH. Compiles what leaves a value out: it makes nothing of it, and refuses nothing that its reader
 * does not ask for, such as a long that a number can't hold.
 *
 * @module
 */
import { type Cursor, Malformed } from "./cursor.ts";
import type { AvroNode, RecordNode } from "./node.ts";
import type { Sizes } from "./sizes.ts";

/** Leaves one value out. */
export type Skip = (cursor: Cursor) => void;

/** Compiles skips; records that hold themselves find theirs here. */
export class Skips {
  readonly #sizes: Sizes;
  readonly #records = new Map<RecordNode, { skip: Skip }>();

  /** @param sizes Those of the reader that the skips belong to. */
  constructor(sizes: Sizes) {
    this.#sizes = sizes;
  }

  /** The skip of a type's values. */
  of(node: AvroNode): Skip {
    if (this.#sizes.of(node).bytes === 0) return NOTHING;
    switch (node.kind) {
      case "boolean":
        return (cursor) => cursor.skip(1);
      case "float":
        return (cursor) => cursor.skip(4);
      case "double":
        return (cursor) => cursor.skip(8);
      case "fixed": {
        const { size } = node;
        return (cursor) => cursor.skip(size);
      }
      case "bytes":
      case "string":
        return skipBytes;
      case "array":
        return blocks(this.of(node.items));
      case "map":
        return blocks(this.#entry(node.values));
      case "union":
        return this.#union(node.branches);
      case "record":
        return this.#record(node);
      default:
        return (cursor) => cursor.skipLong();
    }
  }

  #entry(values: AvroNode): Skip {
    const skip = this.of(values);
    return (cursor) => {
      cursor.skipBytes();
      skip(cursor);
    };
  }

  #union(branches: readonly AvroNode[]): Skip {
    const skips = branches.map((branch) => this.of(branch));
    return (cursor) => {
      const index = cursor.long();
      const skip = skips[index];
      if (!skip) throw new Malformed(`a union has ${skips.length} branches, received branch ${index}`);
      skip(cursor);
    };
  }

  #record(node: RecordNode): Skip {
    const before = this.#records.get(node);
    if (before) return (cursor) => before.skip(cursor);
    const slot = { skip: NOTHING };
    this.#records.set(node, slot);
    const skips = node.fields.map((field) => this.of(field.type)).filter((skip) => skip !== NOTHING);
    slot.skip = (cursor) => {
      for (let i = 0; i < skips.length; i++) skips[i]!(cursor);
    };
    return slot.skip;
  }
}

const NOTHING: Skip = () => {};

const skipBytes: Skip = (cursor) => cursor.skipBytes();

function blocks(skip: Skip): Skip {
  return (cursor) => {
    for (let count = cursor.skippedBlockCount(); count !== 0; count = cursor.skippedBlockCount()) {
      // Items without bytes would never come to their end, whatever their number.
      if (skip !== NOTHING) { for (; count > 0; count--) skip(cursor); }
    }
  };
}
