/**
 * HOT PATH. Frames in Avro from pieces that are encoded beforehand, without an object or a text a frame: the
 * bytes that the serdes give.
 *
 * A request and its response are the same bytes but for the approval, so the second is the first with one
 * byte changed. What is drawn a frame is an index of a machine's bytes, and an index of a hit's bytes a hit.
 * The frame around the Avro (single-object encoding, or Confluent's with the registry's ids) is taken from
 * what the serdes give.
 *
 * @module
 */
import { Output } from "../serde/output.ts";
import { EncodeBuffer, type Serde } from "../serde/serde.ts";
import { FrameGenerator, type Machine, MOST_HITS } from "../game/frame_generator.ts";
import { type FrameBody, type FrameHeader, GAMES, LEVELS, ZONES } from "../game/hit.ts";
import { BLOWS, hitText } from "../game/hit_source.ts";
import { type BoundFrameSerdes, type FrameEncoder, SerdeFrameEncoder } from "./frame_encoder.ts";

/** The bytes of a machine's id and zone in Avro: a length, six digits, and the zone's index. */
const MACHINE_BYTES = 8;
/** The longest varint of Avro. */
const LONGEST_LONG = 10;
/** The hexadecimal digits at the end of each hit that tell its level and game. */
const SUFFIX_BYTES = 4;
/** Bytes a blow in {@linkcode BlowTable.stems}: a power of two. */
const STEM_STRIDE = 16;

/** Hits as Avro strings. */
interface BlowTable {
  /**
   * For each blow its text's length and the digits before the suffix; the last byte of its 16 says how many
   * bytes these are.
   */
  readonly stems: DataView;
  /**
   * For each game and level, in the order of {@linkcode GAMES} and {@linkcode LEVELS}, the digits at the end
   * of its hits.
   */
  readonly suffixes: DataView;
}

/** The bytes before the Avro body of each part of a record. */
interface Framing {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Encodes frames as the Avro serdes of their schemas do. */
export class PreparedFrameEncoder implements FrameEncoder {
  readonly key: Uint8Array<ArrayBuffer>;
  keyEnd = 0;
  readonly value: Uint8Array<ArrayBuffer>;
  valueEnd = 0;
  readonly sameKeys: boolean;
  readonly #frames: FrameGenerator;
  readonly #keyView: DataView;
  readonly #valueView: DataView;
  #machines = new DataView(new ArrayBuffer(0));
  #suffixOf = new Uint8Array(0);
  /** Machines that are encoded beforehand; a group may grow. */
  #known = 0;
  readonly #stems: DataView;
  readonly #suffixes: DataView;
  readonly #request: Framing;
  readonly #response: Framing;
  readonly #sameFraming: boolean;
  readonly #approvalAt: number;
  readonly #output = new Output();
  /** The time that the key holds. */
  #time = NaN;
  #machineAt = 0;

  /**
   * An encoder for what these serdes encode; `undefined` when it is not Avro of the schemas that are known
   * here, which is found out by encoding some frames both ways.
   */
  static of(frames: FrameGenerator, serdes: BoundFrameSerdes): PreparedFrameEncoder | undefined {
    if (frames.machines.some((machine) => machineBytes(machine).length !== MACHINE_BYTES)) return undefined;
    const request = framingOf(serdes.request);
    const response = framingOf(serdes.response);
    if (
      request === undefined || response === undefined || request.key.length !== response.key.length ||
      request.value.length !== response.value.length
    ) return undefined;
    const trial = new FrameGenerator({ seed: 1, machines: 5 });
    const prepared = new PreparedFrameEncoder(trial, request, response);
    if (!sameBytes(trial, prepared, new SerdeFrameEncoder(trial, serdes))) return undefined;
    return new PreparedFrameEncoder(frames, request, response);
  }

  private constructor(frames: FrameGenerator, request: Framing, response: Framing) {
    this.#frames = frames;
    this.#request = request;
    this.#response = response;
    this.sameKeys = equal(request.key, response.key);
    this.#sameFraming = this.sameKeys && equal(request.value, response.value);
    this.#prepareMachines();
    const { stems, suffixes } = blowTable();
    this.#stems = stems;
    this.#suffixes = suffixes;
    this.key = new Uint8Array(request.key.length + LONGEST_LONG + MACHINE_BYTES);
    this.#keyView = new DataView(this.key.buffer);
    this.#approvalAt = request.value.length + 1;
    this.value = new Uint8Array(this.#approvalAt + 2 + MOST_HITS * (STEM_STRIDE + SUFFIX_BYTES) + 1);
    this.#valueView = new DataView(this.value.buffer);
    this.#frame(request);
    this.value[this.#approvalAt - 1] = 2; // the union's second branch, a boolean
  }

  request(nowMs: number): void {
    if (!this.#sameFraming) this.#frame(this.#request);
    if (nowMs !== this.#time) this.#setTime(nowMs);
    const frames = this.#frames;
    const machine = frames.machine;
    if (machine >= this.#known) this.#prepareMachines();
    const machineAt = this.#machineAt;
    const machineFrom = machine * MACHINE_BYTES;
    this.#keyView.setInt32(machineAt, this.#machines.getInt32(machineFrom));
    this.#keyView.setInt32(machineAt + 4, this.#machines.getInt32(machineFrom + 4));
    const blows = frames.blows;
    const stems = this.#stems;
    const suffix = this.#suffixes.getInt32(SUFFIX_BYTES * (this.#suffixOf[machine]! + frames.level));
    const value = this.value;
    const view = this.#valueView;
    const count = frames.hitCount;
    let at = this.#approvalAt;
    value[at++] = 0; // not approved
    value[at++] = count << 1; // one block of so many hits, a zigzag varint
    for (let i = 0; i < count; i++) {
      const from = blows[i]! * STEM_STRIDE;
      // All 16 bytes, four a step and without a branch for how many there are: those that are too many are
      // overwritten.
      view.setInt32(at, stems.getInt32(from));
      view.setInt32(at + 4, stems.getInt32(from + 4));
      view.setInt32(at + 8, stems.getInt32(from + 8));
      view.setInt32(at + 12, stems.getInt32(from + 12));
      at += stems.getUint8(from + STEM_STRIDE - 1);
      view.setInt32(at, suffix);
      at += SUFFIX_BYTES;
    }
    value[at++] = 0; // no more blocks
    this.valueEnd = at;
  }

  response(): void {
    if (!this.#sameFraming) this.#frame(this.#response);
    this.value[this.#approvalAt] = 1;
  }

  #prepareMachines(): void {
    const { machines } = this.#frames;
    if (machines.length > this.#suffixOf.length) {
      // With room for as many more: machines join one by one.
      const room = this.#known === 0 ? machines.length : 2 * machines.length;
      const pieces = new Uint8Array(room * MACHINE_BYTES);
      pieces.set(new Uint8Array(this.#machines.buffer));
      this.#machines = new DataView(pieces.buffer);
      const suffixes = new Uint8Array(room);
      suffixes.set(this.#suffixOf);
      this.#suffixOf = suffixes;
    }
    const pieces = new Uint8Array(this.#machines.buffer);
    for (; this.#known < machines.length; this.#known++) {
      const machine = machines[this.#known]!;
      pieces.set(machineBytes(machine), this.#known * MACHINE_BYTES);
      this.#suffixOf[this.#known] = GAMES.indexOf(machine.game) * LEVELS.length;
    }
  }

  #frame(framing: Framing): void {
    this.key.set(framing.key);
    this.value.set(framing.value);
  }

  #setTime(nowMs: number): void {
    const output = this.#output;
    output.reset(this.key, this.#request.key.length);
    output.long(nowMs);
    this.#time = nowMs;
    this.#machineAt = output.end;
    this.keyEnd = output.end + MACHINE_BYTES;
  }
}

let table: BlowTable | undefined;

/** Made when it is first needed; 90 KB. */
function blowTable(): BlowTable {
  if (table !== undefined) return table;
  const stems = new Uint8Array(BLOWS.length * STEM_STRIDE);
  const output = new Output();
  for (let blow = 0; blow < BLOWS.length; blow++) {
    const at = blow * STEM_STRIDE;
    const text = hitText(blow, LEVELS[0]!, GAMES[0]!);
    output.reset(stems, at);
    output.long(text.length);
    for (let i = 0; i < text.length - SUFFIX_BYTES; i++) stems[output.end + i] = text.charCodeAt(i);
    stems[at + STEM_STRIDE - 1] = output.end - at + text.length - SUFFIX_BYTES;
  }
  const suffixes = GAMES.flatMap((game) =>
    LEVELS.flatMap((level) => [...hitText(0, level, game).slice(-SUFFIX_BYTES)].map((c) => c.charCodeAt(0)))
  );
  return table = {
    stems: new DataView(stems.buffer),
    suffixes: new DataView(Uint8Array.from(suffixes).buffer),
  };
}

function machineBytes({ id, zone }: Machine): Uint8Array {
  const bytes = new Uint8Array(id.length * 3 + 2 * LONGEST_LONG);
  const output = new Output();
  output.reset(bytes, 0);
  output.string(id);
  output.long(ZONES.indexOf(zone));
  return bytes.subarray(0, output.end);
}

/** What the serdes put before the Avro body; `undefined` when the body is not the shortest one. */
function framingOf(serdes: { header: Serde<FrameHeader>; body: Serde<FrameBody> }): Framing | undefined {
  // A time of 0 is one byte, as is the empty array; null is the union's first branch.
  const machine: Machine = { id: "000000", zone: "EU", game: "Neowave" };
  const key = before(serdes.header, { ts: 0, machine: machine.id, zone: machine.zone }, 1 + MACHINE_BYTES);
  const value = before(serdes.body, { approval: null, bytes: [] }, 2);
  return key === undefined || value === undefined ? undefined : { key, value };
}

function before<T>(serde: Serde<T>, value: T, bodyBytes: number): Uint8Array | undefined {
  const buffer = new EncodeBuffer();
  const end = buffer.encode(serde, value, 0);
  return end < bodyBytes ? undefined : buffer.bytes.slice(0, end - bodyBytes);
}

/** Whether two encoders give the same bytes for some frames, of all lengths. */
function sameBytes(frames: FrameGenerator, one: FrameEncoder, other: FrameEncoder): boolean {
  const same = (): boolean =>
    equal(one.key.subarray(0, one.keyEnd), other.key.subarray(0, other.keyEnd)) &&
    equal(one.value.subarray(0, one.valueEnd), other.value.subarray(0, other.valueEnd));
  for (let i = 0; i < TRIAL_FRAMES; i++) {
    const time = i * i * 40_000_000_000;
    frames.draw();
    one.request(time);
    other.request(time);
    if (!same()) return false;
    one.response();
    other.response();
    if (!same()) return false;
  }
  return true;
}

const TRIAL_FRAMES = 20;

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}
