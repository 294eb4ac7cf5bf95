/**
 * Compiles readers: functions that read what was written with one schema as another has it, by the rules of
 * [schema resolution](https://avro.apache.org/docs/1.12.0/specification/#schema-resolution). They are
 * HOT PATH: a record becomes a plain object made in one literal, so that all of them have one shape.
 *
 * @module
 */
import { Cursor, Malformed } from "./cursor.ts";
import type { LogicalConversion } from "./logical.ts";
import { Levels } from "./levels.ts";
import type { AvroNode, EnumNode, FieldNode, NamedNode, PrimitiveKind, RecordNode } from "./node.ts";
import { type Size, Sizes } from "./sizes.ts";
import { inTurn, type Skip, Skips } from "./skip.ts";
import { messageOf } from "../text.ts";

/** Reads one value. */
export type Read = (cursor: Cursor) => unknown;

/** Two schemas that don't fit together: what was written can't be read. */
export class Incompatible extends Error {
  override name = "Incompatible";
}

/**
 * Compiles a reader.
 *
 * @throws {Incompatible} When no value of the writer's schema can be read, naming the field.
 * @throws {RangeError} When a value of the writer's schema may have far more parts than bytes, or its types
 * lead too deep.
 */
export function compileReader(writer: AvroNode, reader: AvroNode): Read {
  return new Compiler().read(writer, reader, "");
}

class Compiler {
  /** Readers of records by writer and reader: a recursive record finds itself here. */
  readonly #records = new Map<AvroNode, Map<AvroNode, Slot | Incompatible>>();
  readonly #levels = new Levels();
  readonly #sizes = new Sizes();
  readonly #skips = new Skips(this.#sizes);

  read(writer: AvroNode, reader: AvroNode, path: string): Read {
    return this.#levels.within(() => this.#resolved(writer, reader, path));
  }

  #resolved(writer: AvroNode, reader: AvroNode, path: string): Read {
    if (writer.kind === "union") return this.#fromUnion(writer.branches, reader, path);
    if (reader.kind === "union") return this.#intoUnion(writer, reader.branches, path);
    const read = this.#underlying(writer, reader, path);
    return reader.logical ? logicalReader(reader.logical, read) : read;
  }

  /** Neither is a union, and the reader's logical type is left to the caller. */
  #underlying(writer: AvroNode, reader: AvroNode, path: string): Read {
    if (writer.kind === "record" && reader.kind === "record" && sameName(writer, reader)) {
      return this.#record(writer, reader, path);
    }
    if (writer.kind === "enum" && reader.kind === "enum" && sameName(writer, reader)) {
      return enumReader(writer, reader);
    }
    if (
      writer.kind === "fixed" && reader.kind === "fixed" && sameName(writer, reader) &&
      writer.size === reader.size
    ) {
      const { size } = writer;
      return (cursor) => cursor.fixed(size);
    }
    if (writer.kind === "array" && reader.kind === "array") {
      return arrayReader(this.read(writer.items, reader.items, `${path}[]`), this.#sizes.of(writer.items));
    }
    if (writer.kind === "map" && reader.kind === "map") {
      return mapReader(
        this.read(writer.values, reader.values, `${path}{}`),
        this.#sizes.of(writer.values).bytes,
      );
    }
    const promoted = PROMOTIONS[writer.kind as PrimitiveKind]?.[reader.kind as PrimitiveKind];
    if (promoted) return promoted;
    throw new Incompatible(
      `${path || "the value"} was written as ${describe(writer)} and is to be ${describe(reader)}`,
    );
  }

  #fromUnion(branches: readonly AvroNode[], reader: AvroNode, path: string): Read {
    // A branch that does not fit is an error only for the values that use it.
    const failures: Incompatible[] = [];
    const reads = branches.map((branch): Read => {
      try {
        return this.read(branch, reader, path);
      } catch (error) {
        if (!(error instanceof Incompatible)) throw error;
        failures.push(error);
        return () => {
          throw new Malformed(error.message);
        };
      }
    });
    if (failures.length === branches.length) {
      throw failures[0] ?? new Incompatible(`${path || "the value"} was written as a union without branches`);
    }
    return (cursor) => {
      const index = cursor.long();
      const read = reads[index];
      if (!read) throw new Malformed(`a union has ${reads.length} branches, received branch ${index}`);
      return read(cursor);
    };
  }

  #intoUnion(writer: AvroNode, branches: readonly AvroNode[], path: string): Read {
    // The branch of the same type and name first, then the first that fits by promotion.
    const ordered = new Set([...branches.filter((branch) => sameType(writer, branch)), ...branches]);
    for (const branch of ordered) {
      try {
        return this.read(writer, branch, path);
      } catch (error) {
        if (!(error instanceof Incompatible)) throw error;
      }
    }
    const allowed = branches.map(describe).join(", ");
    throw new Incompatible(
      `${path || "the value"} was written as ${describe(writer)} and is to be one of ${allowed}`,
    );
  }

  #record(writer: RecordNode, reader: RecordNode, path: string): Read {
    let byReader = this.#records.get(writer);
    if (!byReader) this.#records.set(writer, byReader = new Map());
    const before = byReader.get(reader);
    // What does not fit once does not fit again: of branches in branches each would be tried over and over.
    if (before instanceof Incompatible) throw before;
    if (before) return again(before, this.#levels.depth - before.depth);
    const slot: Slot = {
      depth: this.#levels.depth,
      read: () => {
        throw new Error("a record's reader was called before it was compiled");
      },
    };
    byReader.set(reader, slot);
    try {
      slot.read = this.#recordBody(writer, reader, path);
    } catch (error) {
      if (error instanceof Incompatible) byReader.set(reader, error);
      // Records within it that do fit hold on to it.
      slot.read = () => {
        throw new Malformed(messageOf(error));
      };
      throw error;
    }
    return slot.read;
  }

  #recordBody(writer: RecordNode, reader: RecordNode, path: string): Read {
    this.#sizes.of(writer);
    const source = new RecordSource();
    const readOf = new Map<FieldNode, number>();
    for (const field of reader.fields) {
      let index = writer.fields.findIndex(({ name }) => name === field.name);
      if (index < 0) index = writer.fields.findIndex(({ name }) => field.aliases.includes(name));
      if (index >= 0) readOf.set(field, index);
    }
    for (const [index, written] of writer.fields.entries()) {
      const wanted = reader.fields.filter((field) => readOf.get(field) === index);
      const at = path ? `${path}.${written.name}` : written.name;
      if (wanted.length > 1) {
        throw new Incompatible(
          `${at} is claimed by several fields: ${wanted.map(({ name }) => name).join(", ")}`,
        );
      }
      const into = wanted[0]?.type;
      if (into === undefined) {
        source.skip(this.#skips.of(written.type));
      } else {
        source.local(`f${index}`, written.type, into, this.read(written.type, into, at));
      }
    }
    for (const field of reader.fields) {
      const index = readOf.get(field);
      if (index !== undefined) {
        source.property(field.name, `f${index}`);
      } else if (field.default) {
        const bytes = field.default;
        const read = this.read(field.type, field.type, field.name);
        const cursor = new Cursor();
        // Read anew for each record: a default may be an object that its owner changes.
        source.property(field.name, source.call(() => (cursor.reset(bytes, 0, bytes.length), read(cursor))));
      } else {
        const at = path ? `${path}.${field.name}` : field.name;
        throw new Incompatible(`${at} was not written and has no default`);
      }
    }
    return source.compile();
  }
}

/** The reader of a record, which is there before it is compiled, and how deep it was met first. */
interface Slot {
  read: Read;
  readonly depth: number;
}

/**
 * The reader of a record that was met before, so many levels above: of what leads from types back to
 * themselves all goes through one of these.
 */
function again(slot: Slot, levels: number): Read {
  return (cursor) => {
    cursor.descend(levels);
    const value = slot.read(cursor);
    cursor.descend(-levels);
    return value;
  };
}

/**
 * The source of a function that reads a record. Names come only from indexes and from schema names, which are
 * identifiers.
 */
class RecordSource {
  readonly #names: string[] = [];
  readonly #values: unknown[] = [];
  readonly #lines: string[] = [];
  readonly #properties: string[] = [];
  #skips: Skip[] = [];

  local(name: string, written: AvroNode, into: AvroNode, read: Read): void {
    this.#endSkips();
    // A primitive that stays what it is is read in place, without a call through a variable.
    const inPlace = written.kind === into.kind && IN_PLACE.has(written.kind) && !into.logical;
    this.#lines.push(`const ${name} = ${inPlace ? `cursor.${written.kind}()` : this.call(read)};`);
  }

  skip(skip: Skip): void {
    this.#skips.push(skip);
  }

  /** Fields that follow each other are left out by one call: a schema may have any number of them. */
  #endSkips(): void {
    if (this.#skips.length > 0) this.#lines.push(`${this.call(inTurn(this.#skips))};`);
    this.#skips = [];
  }

  call(read: (cursor: Cursor) => unknown): string {
    const name = `r${this.#names.length}`;
    this.#names.push(name);
    this.#values.push(read);
    return `${name}(cursor)`;
  }

  property(name: string, expression: string): void {
    // In brackets, __proto__ is a name like any other.
    this.#properties.push(`${name === "__proto__" ? '["__proto__"]' : name}: ${expression}`);
  }

  compile(): Read {
    this.#endSkips();
    const body = `return (cursor) => { ${this.#lines.join(" ")} return { ${
      this.#properties.join(", ")
    } }; };`;
    return new Function(...this.#names, body)(...this.#values);
  }
}

const IN_PLACE: ReadonlySet<string> = new Set([
  "boolean",
  "int",
  "long",
  "bigint",
  "float",
  "double",
  "bytes",
  "string",
]);

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

const int: Read = (cursor) => cursor.int();
const long: Read = (cursor) => cursor.long();
const float: Read = (cursor) => cursor.float();
const bigint: Read = (cursor) => cursor.bigint();
// Rounded to a double, as Java rounds: of a long that is read as a floating number its last digits do not
// matter.
const rounded: Read = (cursor) => Number(cursor.bigint());
const toText: Read = (cursor) => {
  try {
    return decoder.decode(cursor.bytes());
  } catch (error) {
    if (error instanceof Malformed) throw error;
    throw new Malformed("bytes that are to be a string are not UTF-8", { cause: error });
  }
};

/** From the writer's primitive type to the reader's. */
const PROMOTIONS: Partial<Record<PrimitiveKind, Partial<Record<PrimitiveKind, Read>>>> = {
  null: { null: () => null },
  boolean: { boolean: (cursor) => cursor.boolean() },
  int: { int, long: int, bigint: (cursor) => BigInt(cursor.int()), float: int, double: int },
  long: { long, bigint, float: rounded, double: rounded },
  // A serde's own schema, as its writer: other writers' longs are of the kind above.
  bigint: { bigint },
  float: { float, double: float },
  double: { double: (cursor) => cursor.double() },
  bytes: { bytes: (cursor) => cursor.bytes(), string: toText },
  string: { string: (cursor) => cursor.string(), bytes: (cursor) => encoder.encode(cursor.string()) },
};

function enumReader(writer: EnumNode, reader: EnumNode): Read {
  const symbols = writer.symbols.map((symbol) => reader.symbols.includes(symbol) ? symbol : reader.default);
  return (cursor) => {
    const index = cursor.long();
    const symbol = symbols[index];
    if (symbol === undefined) {
      const written = writer.symbols[index];
      throw new Malformed(
        written === undefined
          ? `${reader.name} has ${symbols.length} symbols, received number ${index}`
          : `${reader.name} does not have the symbol ${written}; it has ${reader.symbols.join(", ")}`,
      );
    }
    return symbol;
  };
}

function logicalReader(logical: LogicalConversion, read: Read): Read {
  return (cursor) => logical.fromAvro(read(cursor));
}

function arrayReader(read: Read, { bytes, parts }: Size): Read {
  return (cursor) => {
    const items: unknown[] = [];
    for (let count = cursor.blockCount(bytes, parts); count !== 0; count = cursor.blockCount(bytes, parts)) {
      for (; count > 0; count--) items.push(read(cursor));
    }
    return items;
  };
}

function mapReader(read: Read, least: number): Read {
  return (cursor) => {
    const map: Record<string, unknown> = {};
    for (let count = cursor.blockCount(least + 1); count !== 0; count = cursor.blockCount(least + 1)) {
      for (; count > 0; count--) {
        const key = cursor.string();
        const value = read(cursor);
        if (key === "__proto__") {
          Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
        } else {
          map[key] = value;
        }
      }
    }
    return map;
  };
}

/** By the name without the namespace, as the specification has it, or by one of the reader's aliases. */
function sameName(writer: NamedNode, reader: NamedNode): boolean {
  const name = unqualified(writer.name);
  return name === unqualified(reader.name) || reader.aliases.some((alias) => unqualified(alias) === name);
}

function sameType(writer: AvroNode, reader: AvroNode): boolean {
  return kindOf(writer) === kindOf(reader) &&
    (!("name" in writer) || writer.name === (reader as NamedNode).name);
}

function unqualified(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/** As schemas name it. */
function kindOf({ kind }: AvroNode): string {
  return kind === "bigint" ? "long" : kind;
}

function describe(node: AvroNode): string {
  return "name" in node ? `${node.kind} ${unqualified(node.name)}` : kindOf(node);
}
