/**
 * HOT PATH. Compiles what leaves a value out: it makes nothing of it, and refuses nothing that its reader
 * does not ask for, such as a long that a number can't hold.
 *
 * @module
 */
import { type Cursor, Malformed } from "./cursor.ts";
import { Levels } from "./levels.ts";
import type { AvroNode, RecordNode } from "./node.ts";
import type { Sizes } from "./sizes.ts";

/** Leaves one value out. */
export type Skip = (cursor: Cursor) => void;

/** Compiles skips; records that hold themselves find theirs here. */
export class Skips {
  readonly #sizes: Sizes;
  readonly #records = new Map<RecordNode, { skip: Skip; readonly depth: number }>();
  readonly #levels = new Levels();

  /** @param sizes Those of the reader that the skips belong to. */
  constructor(sizes: Sizes) {
    this.#sizes = sizes;
  }

  /** The skip of a type's values. */
  of(node: AvroNode): Skip {
    if (this.#sizes.of(node).bytes === 0) return NOTHING;
    return this.#levels.within(() => this.#of(node));
  }

  #of(node: AvroNode): Skip {
    switch (node.kind) {
      case "boolean":
        return skipBoolean;
      case "float":
        return skipFloat;
      case "double":
        return skipDouble;
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
        return skipLong;
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
    if (before) return again(before, this.#levels.depth - before.depth);
    const slot = { skip: NOTHING, depth: this.#levels.depth };
    this.#records.set(node, slot);
    const skips = node.fields.map((field) => this.of(field.type)).filter((skip) => skip !== NOTHING);
    slot.skip = inTurn(skips);
    return slot.skip;
  }
}

const NOTHING: Skip = () => {};

const skipBytes: Skip = (cursor) => cursor.skipBytes();
const skipLong: Skip = (cursor) => cursor.skipLong();
const skipBoolean: Skip = (cursor) => cursor.skip(1);
const skipFloat: Skip = (cursor) => cursor.skip(4);
const skipDouble: Skip = (cursor) => cursor.skip(8);

/** Leaves out what each of them does, one after the other. */
export function inTurn(skips: readonly Skip[]): Skip {
  if (skips.length === 1) return skips[0]!;
  return (cursor) => {
    for (let i = 0; i < skips.length; i++) skips[i]!(cursor);
  };
}

/**
 * The skip of a record that was met before, so many levels above: of what leads from types back to themselves
 * all goes through one of these.
 */
function again(record: { readonly skip: Skip }, levels: number): Skip {
  return (cursor) => {
    cursor.descend(levels);
    record.skip(cursor);
    cursor.descend(-levels);
  };
}

function blocks(skip: Skip): Skip {
  return (cursor) => {
    for (let count = cursor.skippedBlockCount(); count !== 0; count = cursor.skippedBlockCount()) {
      // Items without bytes would never come to their end, whatever their number.
      if (skip !== NOTHING) { for (; count > 0; count--) skip(cursor); }
    }
  };
}
