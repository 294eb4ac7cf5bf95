/**
 * Compiles writers: functions that write a value of a schema. They are HOT PATH: they check as they go, and
 * what a value has wrong is looked for only when one of them says no.
 *
 * @module
 */
import type { Output } from "../output.ts";
import { type LogicalConversion, toUnderlying } from "./logical.ts";
import type { AvroNode, RecordNode } from "./node.ts";
import { accepts, isInt32, isInt64 } from "./validate.ts";

/** Writes one value. */
export type Write = (output: Output, value: unknown) => void;

/** Thrown by a writer for a value that is not of its type; one for all, as it says nothing more. */
export const NOT_OF_TYPE: Error = new Error("a value is not of its Avro type");

/** Compiles the writer of a schema. */
export function compileWriter(node: AvroNode): Write {
  return new Compiler().write(node);
}

class Compiler {
  readonly #records = new Map<RecordNode, { write: Write }>();

  write(node: AvroNode): Write {
    const write = this.#underlying(node);
    return node.logical ? logicalWriter(node.logical, node.kind, write) : write;
  }

  #underlying(node: AvroNode): Write {
    switch (node.kind) {
      case "null":
        return (_, value) => {
          if (value !== null) throw NOT_OF_TYPE;
        };
      case "boolean":
        return (output, value) => {
          if (typeof value !== "boolean") throw NOT_OF_TYPE;
          output.boolean(value);
        };
      case "int":
        return (output, value) => {
          if (!isInt32(value)) throw NOT_OF_TYPE;
          output.long(value);
        };
      case "long":
        return (output, value) => {
          if (!Number.isSafeInteger(value)) throw NOT_OF_TYPE;
          output.long(value as number);
        };
      case "bigint":
        return (output, value) => {
          if (!isInt64(value)) throw NOT_OF_TYPE;
          output.bigint(value);
        };
      case "float":
        return (output, value) => {
          if (typeof value !== "number") throw NOT_OF_TYPE;
          output.float(value);
        };
      case "double":
        return (output, value) => {
          if (typeof value !== "number") throw NOT_OF_TYPE;
          output.double(value);
        };
      case "bytes":
        return (output, value) => {
          if (!(value instanceof Uint8Array)) throw NOT_OF_TYPE;
          output.bytes(value);
        };
      case "string":
        return (output, value) => {
          if (typeof value !== "string") throw NOT_OF_TYPE;
          output.string(value);
        };
      case "fixed": {
        const { size } = node;
        return (output, value) => {
          if (!(value instanceof Uint8Array) || value.length !== size) throw NOT_OF_TYPE;
          output.raw(value);
        };
      }
      case "enum":
        return enumWriter(node.symbols);
      case "array":
        return arrayWriter(this.write(node.items));
      case "map":
        return mapWriter(this.write(node.values));
      case "union":
        return this.#union(node.branches);
      case "record":
        return this.#record(node);
    }
  }

  #union(branches: readonly AvroNode[]): Write {
    const writes = branches.map((branch) => this.write(branch));
    const nullIndex = branches.findIndex(({ kind }) => kind === "null");
    // The usual union of null and one type needs no search: the branch's own writer checks the value.
    if (branches.length === 2 && nullIndex >= 0) {
      const otherIndex = 1 - nullIndex;
      const other = writes[otherIndex]!;
      return (output, value) => {
        if (value === null) {
          output.byte(nullIndex << 1);
        } else {
          output.byte(otherIndex << 1);
          other(output, value);
        }
      };
    }
    return (output, value) => {
      // Of several records that it satisfies, the one that leaves none of its properties out.
      let index = branches.findIndex((branch) => hasAllProperties(branch, value) && accepts(branch, value));
      if (index < 0) index = branches.findIndex((branch) => accepts(branch, value));
      if (index < 0) throw NOT_OF_TYPE;
      output.long(index);
      writes[index]!(output, value);
    };
  }

  #record(node: RecordNode): Write {
    const before = this.#records.get(node);
    if (before) return (output, value) => before.write(output, value);
    const slot: { write: Write } = {
      write: () => {
        throw new Error("a record's writer was called before it was compiled");
      },
    };
    this.#records.set(node, slot);
    // One function a record type with its fields' names in it, so that each access has an inline cache of its
    // own.
    const names: string[] = ["invalid"];
    const values: unknown[] = [NOT_OF_TYPE];
    const lines = node.fields.map((field, i) => {
      names.push(`w${i}`, `d${i}`);
      values.push(this.write(field.type), field.default);
      const write = writeInPlace(field.type, "v") ?? `w${i}(output, v);`;
      const read = `const v = value[${JSON.stringify(field.name)}];`;
      return field.default
        ? `{ ${read} if (v === undefined) output.raw(d${i}); else { ${write} } }`
        : `{ ${read} ${write} }`;
    });
    const check = `if (typeof value !== "object" || value === null) throw invalid;`;
    slot.write = new Function(...names, `return (output, value) => { ${check} ${lines.join(" ")} };`)(
      ...values,
    );
    return slot.write;
  }
}

/** More symbols than this are looked up in a map. */
const MOST_COMPARED = 16;

/**
 * The source of statements that write a value of a simple type without a call through a variable; `undefined`
 * for the other types. An enum's symbols are compared one by one: they are the same strings mostly, so that
 * each comparison is one of pointers.
 */
function writeInPlace(node: AvroNode, value: string): string | undefined {
  if (node.logical) return undefined;
  switch (node.kind) {
    case "string":
      return `if (typeof ${value} !== "string") throw invalid; output.string(${value});`;
    case "int":
      return `if (typeof ${value} !== "number" || (${value} | 0) !== ${value}) throw invalid; ` +
        `output.long(${value});`;
    case "long":
      return `if (!Number.isSafeInteger(${value})) throw invalid; output.long(${value});`;
    case "boolean":
      return `if (typeof ${value} !== "boolean") throw invalid; output.boolean(${value});`;
    case "enum": {
      if (node.symbols.length > MOST_COMPARED) return undefined;
      const cases = node.symbols.map((symbol, i) => `${value} === ${JSON.stringify(symbol)} ? ${i << 1} : `);
      return `{ const byte = ${cases.join("")}-1; if (byte < 0) throw invalid; output.byte(byte); }`;
    }
    case "union": {
      const nullIndex = node.branches.findIndex(({ kind }) => kind === "null");
      if (node.branches.length !== 2 || nullIndex < 0) return undefined;
      const other = writeInPlace(node.branches[1 - nullIndex]!, value);
      if (other === undefined) return undefined;
      return `if (${value} === null) output.byte(${nullIndex << 1}); else { output.byte(${
        1 - nullIndex << 1
      }); ${other} }`;
    }
    default:
      return undefined;
  }
}

function logicalWriter(logical: LogicalConversion, kind: string, write: Write): Write {
  return (output, value) => {
    let underlying: unknown;
    try {
      underlying = toUnderlying(logical, kind, value);
    } catch {
      // What it says is had again where what is wrong with the value is looked for.
      throw NOT_OF_TYPE;
    }
    write(output, underlying);
  };
}

function enumWriter(symbols: readonly string[]): Write {
  const indexes = new Map<unknown, number>(symbols.map((symbol, index) => [symbol, index]));
  return (output, value) => {
    const index = indexes.get(value);
    if (index === undefined) throw NOT_OF_TYPE;
    output.long(index);
  };
}

function hasAllProperties(branch: AvroNode, value: unknown): boolean {
  if (branch.kind !== "record" || typeof value !== "object" || value === null) return true;
  return Object.keys(value).every((key) => branch.fields.some(({ name }) => name === key));
}

function arrayWriter(write: Write): Write {
  return (output, value) => {
    if (!Array.isArray(value)) throw NOT_OF_TYPE;
    if (value.length > 0) {
      output.long(value.length);
      for (let i = 0; i < value.length; i++) write(output, value[i]);
    }
    output.byte(0);
  };
}

function mapWriter(write: Write): Write {
  return (output, value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw NOT_OF_TYPE;
    const entries = Object.entries(value);
    if (entries.length > 0) {
      output.long(entries.length);
      for (const [key, each] of entries) {
        output.string(key);
        write(output, each);
      }
    }
    output.long(0);
  };
}
