/**
 * What the values of a type take and make at least. A registry's schema may be crafted: one of a few lines
 * can have values of millions of parts that take no bytes at all.
 *
 * @module
 */
import { Levels } from "./levels.ts";
import type { AvroNode } from "./node.ts";

/** Bytes and parts of one value. */
export interface Size {
  /** The bytes that a value takes at least; 0 only where it always does. */
  readonly bytes: number;
  /**
   * The values that it is made of before its bytes say anything: itself and, in a record, those of its
   * fields.
   */
  readonly parts: number;
}

/** How many parts of a value its bytes need not account for. */
const FREE_PARTS = 100;
/** How many parts a byte accounts for. */
const PARTS_PER_BYTE = 8;

/** The sizes of types, each computed once. */
export class Sizes {
  readonly #sizes = new Map<AvroNode, Size>();
  readonly #levels = new Levels();

  /**
   * The size of a type's values.
   *
   * @throws {RangeError} When a value may have far more parts than bytes, or its types lead too deep.
   */
  of(node: AvroNode): Size {
    let size = this.#sizes.get(node);
    if (size === undefined) {
      // A record that holds itself in every value has no values at all: any bound is true of them.
      this.#sizes.set(node, ONE);
      size = this.#levels.within(() => this.#compute(node));
      this.#sizes.set(node, size);
      if (size.parts > FREE_PARTS + PARTS_PER_BYTE * size.bytes) {
        const name = "name" in node ? node.name : node.kind;
        throw new RangeError(
          `a ${name} of ${size.bytes} bytes can have ${size.parts} parts, which is refused`,
        );
      }
    }
    return size;
  }

  #compute(node: AvroNode): Size {
    switch (node.kind) {
      case "null":
        return { bytes: 0, parts: 1 };
      case "float":
        return { bytes: 4, parts: 1 };
      case "double":
        return { bytes: 8, parts: 1 };
      case "fixed":
        return { bytes: node.size, parts: 1 };
      case "record":
        return node.fields.map((field) => this.of(field.type)).reduce(
          (sum, { bytes, parts }) => ({ bytes: sum.bytes + bytes, parts: sum.parts + parts }),
          { bytes: 0, parts: 1 },
        );
      default:
        return ONE;
    }
  }
}

const ONE: Size = { bytes: 1, parts: 1 };
