import type { Random } from "../../src/game/random.ts";
import { MAX_INPUT_BYTES } from "./target.ts";

/** Changes an input; gets another one to take from. */
type Mutation = (input: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

/** Bytes at which parsers turn: ends of ranges, signs, brackets, and what lengths begin with. */
const TURNING_BYTES = [
  0,
  1,
  2,
  3,
  4,
  8,
  16,
  32,
  34,
  45,
  48,
  57,
  63,
  64,
  91,
  92,
  123,
  125,
  127,
  128,
  129,
  192,
  254,
  255,
];
/** Numbers at which lengths, counts and times turn. */
const TURNING_NUMBERS = [
  -1,
  0,
  1,
  2,
  127,
  128,
  255,
  256,
  32_767,
  65_535,
  65_536,
  2 ** 24,
  2 ** 31 - 1,
  -(2 ** 31),
];

/** An input with a few changes of its bytes. */
export function mutateBytes(input: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  let changed = input;
  for (let left = 1 << random.below(4); left > 0; left--) {
    changed = MUTATIONS[random.below(MUTATIONS.length)]!(changed, random, other);
  }
  return changed.length > MAX_INPUT_BYTES ? changed.subarray(0, MAX_INPUT_BYTES) : changed;
}

const MUTATIONS: readonly Mutation[] = [
  (input, random) => withByte(input, random, (byte) => byte ^ 1 << random.below(8)),
  (input, random) => withByte(input, random, () => random.below(256)),
  (input, random) => withByte(input, random, () => TURNING_BYTES[random.below(TURNING_BYTES.length)]!),
  (input, random) => withByte(input, random, (byte) => byte + random.below(17) - 8),
  withoutSome,
  withMore,
  repeated,
  spliced,
  (input, random) => input.subarray(0, random.below(input.length + 1)),
  (input, random) => overwritten(input, random, fixedNumber(random)),
  (input, random) => overwritten(input, random, varint(random)),
  (input, random) => inserted(input, random, varint(random)),
];

function withByte(input: Uint8Array, random: Random, change: (byte: number) => number): Uint8Array {
  if (input.length === 0) return Uint8Array.of(random.below(256));
  const changed = input.slice();
  const at = random.below(changed.length);
  changed[at] = change(changed[at]!);
  return changed;
}

/** Where a piece of the input begins and ends; short pieces come more often. */
function piece(input: Uint8Array, random: Random): [from: number, to: number] {
  const from = random.below(input.length + 1);
  const most = 1 << random.below(Math.min(10, 32 - Math.clz32(input.length)) + 1);
  return [from, Math.min(input.length, from + 1 + random.below(most))];
}

function withoutSome(input: Uint8Array, random: Random): Uint8Array {
  const [from, to] = piece(input, random);
  return joined(input.subarray(0, from), input.subarray(to));
}

function withMore(input: Uint8Array, random: Random): Uint8Array {
  return inserted(input, random, Uint8Array.from({ length: 1 + random.below(8) }, () => random.below(256)));
}

function repeated(input: Uint8Array, random: Random): Uint8Array {
  const [from, to] = piece(input, random);
  const copies = Array.from({ length: 1 + random.below(4) }, () => input.subarray(from, to));
  return joined(input.subarray(0, to), ...copies, input.subarray(to));
}

function spliced(input: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const [from, to] = piece(input, random);
  const [first, last] = piece(other, random);
  return joined(
    input.subarray(0, from),
    other.subarray(first, random.below(2) === 0 ? last : undefined),
    input.subarray(to),
  );
}

function inserted(input: Uint8Array, random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.below(input.length + 1);
  return joined(input.subarray(0, at), bytes, input.subarray(at));
}

function overwritten(input: Uint8Array, random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.below(input.length + 1);
  return joined(input.subarray(0, at), bytes, input.subarray(at + bytes.length));
}

function turningNumber(random: Random): number {
  return TURNING_NUMBERS[random.below(TURNING_NUMBERS.length)]! + random.below(3) - 1;
}

/** A number in 2, 4 or 8 bytes, either end first. */
function fixedNumber(random: Random): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  const size = 2 << random.below(3);
  const value = turningNumber(random);
  const littleEnd = random.below(2) === 0;
  if (size === 2) view.setInt16(0, value, littleEnd);
  else if (size === 4) view.setInt32(0, value, littleEnd);
  else view.setBigInt64(0, BigInt(value), littleEnd);
  return new Uint8Array(view.buffer, 0, size);
}

/** A number as Avro, Protobuf and Kafka have lengths: 7 bits a byte, zigzag or not. */
function varint(random: Random): Uint8Array {
  const value = BigInt(turningNumber(random));
  let left = BigInt.asUintN(64, random.below(2) === 0 ? value : value << 1n ^ value >> 63n);
  const bytes: number[] = [];
  do {
    bytes.push(Number(left & 0x7fn) | (left > 0x7fn ? 0x80 : 0));
    left >>= 7n;
  } while (left > 0n);
  return Uint8Array.from(bytes);
}

/** Pieces one behind the other. */
export function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((length, each) => length + each.length, 0));
  let at = 0;
  for (const each of pieces) {
    all.set(each, at);
    at += each.length;
  }
  return all;
}
