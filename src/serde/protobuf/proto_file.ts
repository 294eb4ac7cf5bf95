/**
 * `.proto` files, parsed by [protobufjs](https://github.com/protobufjs/protobuf.js).
 *
 * @module
 */
import type protobufjs from "protobufjs";
import { abbreviate, checkLength, checkNames, messageOf } from "../text.ts";
import { messageIndexes } from "./message_index.ts";

/** The library; loaded only by who uses it. */
export type Protobuf = typeof protobufjs;

/** A file that another one imports. */
export interface ImportedFile {
  /** The path by which it is imported. */
  readonly name: string;
  readonly text: string;
}

/** A file with more than these, or with longer names, was made to take memory and time. */
const MOST_PARTS = 10_000;
const MOST_NAME_CHARACTERS = 500;

/**
 * A message's type.
 *
 * @param files What the file imports, each after what it imports itself; Google's own files need not be
 * there.
 * @throws {TypeError} When a file can't be parsed, an import is missing, or there is no such message.
 */
export function messageType(
  protobuf: Protobuf,
  text: string,
  message: string,
  files: readonly ImportedFile[],
): protobufjs.Type {
  const root = new protobuf.Root();
  const known = new Set<string>();
  for (const file of files) {
    parseInto(protobuf, root, file.text, known);
    known.add(file.name);
  }
  const { package: scope } = parseInto(protobuf, root, text, known);
  try {
    const type = root.lookupType(scope === undefined ? message : `${scope}.${message}`);
    // What the file names and nobody has is found now, not at the first record.
    root.resolveAll();
    return type.setup();
  } catch (error) {
    throw new TypeError(
      `Cannot use a .proto file: received ${abbreviate(text)}, looking for message ${message}; ${
        messageOf(error)
      }`,
      { cause: error },
    );
  }
}

/**
 * The indexes of a message of a file; `undefined` where it has none of that name. Its imports are not needed
 * for that.
 *
 * @param message Its name without the package.
 * @throws {TypeError} When it can't be parsed.
 */
export function indexesOf(
  protobuf: Protobuf,
  text: string,
  message: string,
): readonly number[] | undefined {
  const root = new protobuf.Root();
  const { package: scope } = parse(protobuf, text, root);
  const within = scope === undefined ? root : root.lookup(scope) as protobufjs.Namespace;
  return messageIndexes(within, message, (object) => object instanceof protobuf.Type);
}

function parseInto(
  protobuf: Protobuf,
  root: protobufjs.Root,
  text: string,
  known: Set<string>,
): protobufjs.IParserResult {
  const parsed = parse(protobuf, text, root);
  for (const name of [...parsed.imports ?? [], ...parsed.weakImports ?? []]) {
    if (known.has(name)) continue;
    known.add(name);
    const nested = protobuf.common.get(name)?.nested;
    if (!nested) {
      throw new TypeError(
        `Cannot use a .proto file: it imports ${name}, which is not among its references; name it there`,
      );
    }
    root.addJSON(nested);
  }
  return parsed;
}

function parse(protobuf: Protobuf, text: string, root: protobufjs.Root): protobufjs.IParserResult {
  try {
    checkLength(text);
    checkNames(text, MOST_PARTS, MOST_NAME_CHARACTERS);
    return protobuf.parse(text, root);
  } catch (error) {
    throw new TypeError(`Cannot use as a .proto file: received ${abbreviate(text)}; ${messageOf(error)}`, {
      cause: error,
    });
  }
}
