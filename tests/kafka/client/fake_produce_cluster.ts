/** Brokers for tests of the producer, in this process: they answer Produce, and check sequence numbers as Kafka does. */
import type { SendOptions } from "../../../src/kafka/client/broker_link.ts";
import type { Cluster } from "../../../src/kafka/client/cluster.ts";
import { ConnectionLost } from "../../../src/kafka/port/errors.ts";
import { ByteReader, ByteWriter } from "../../../src/kafka/wire/protocol/bytes.ts";
import { readRecordSet } from "../../../src/kafka/wire/record_batch/reader.ts";
import type { SeededRandom } from "../../support/seeded_random.ts";

/** Kafka's error codes that are answered here. */
export const CODE = {
  NONE: 0,
  NOT_LEADER: 6,
  REQUEST_TIMED_OUT: 7,
  MESSAGE_TOO_LARGE: 10,
  NOT_ENOUGH_REPLICAS: 19,
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 20,
  OUT_OF_ORDER: 45,
  DUPLICATE: 46,
  UNKNOWN_PRODUCER_ID: 59,
  INVALID_RECORD: 87,
} as const;

/** One batch of a request, as a broker sees it. */
export interface SeenBatch {
  readonly broker: number;
  readonly partition: number;
  readonly producerId: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly values: readonly string[];
  readonly bytes: number;
}

/** What befalls a batch, or the whole request, instead of being written and acknowledged. */
export type Fate =
  /** Answered with an error, before it is written or after. */
  | { readonly code: number; readonly written: boolean }
  /** The connection breaks, before or after the request was carried out; those behind it are carried out later, or not. */
  | { readonly cut: "before" | "after" };

/** How the brokers behave. */
export interface FakeOptions {
  readonly brokers?: number;
  readonly partitions?: number;
  /** What befalls a batch; `undefined`: nothing. */
  readonly fate?: (batch: SeenBatch) => Fate | undefined;
  /** How long an answer takes, in ms. */
  readonly latencyMs?: () => number;
  /** How many requests behind a cut one are carried out all the same, and after how many ms. */
  readonly strays?: () => { readonly requests: number; readonly afterMs: number };
}

interface ProducerState {
  epoch: number;
  /** First and last sequence numbers of the last five batches. */
  window: [number, number][];
}

interface FakePartition {
  leader: number;
  readonly values: string[];
  /** First values of the batches that were written, and that the producer has not heard of. */
  readonly unacknowledged: Set<string>;
  readonly producers: Map<number, ProducerState>;
}

interface Request {
  readonly body: Uint8Array;
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/** Stands for a {@linkcode Cluster} with one topic, `t`. */
export class FakeCluster {
  readonly settings = { retryBackoffMs: 1, requestTimeoutMs: 1_000 };
  readonly partitions: FakePartition[];
  readonly options: FakeOptions;
  readonly links: FakeLink[];
  /** All batches that reached a broker, in this order. */
  readonly seen: SeenBatch[] = [];
  producerIds = 0;
  readonly #known = new Map<number, number>();

  constructor(options: FakeOptions = {}) {
    this.options = options;
    this.links = Array.from({ length: options.brokers ?? 1 }, (_, id) => new FakeLink(this, id));
    this.partitions = Array.from({ length: options.partitions ?? 1 }, (_, i) => ({
      leader: i % this.links.length,
      values: [],
      unacknowledged: new Set(),
      producers: new Map(),
    }));
  }

  /** As what a producer is given. */
  get cluster(): Cluster {
    return this as unknown as Cluster;
  }

  async prepare(): Promise<void> {
    await this.metadata(["t"]);
  }

  // deno-lint-ignore require-await -- as the cluster's
  async metadata(topics: readonly string[]): Promise<Map<string, unknown>> {
    for (const [i, { leader }] of this.partitions.entries()) this.#known.set(i, leader);
    const leaders = this.partitions.map(({ leader }) => leader);
    return new Map(topics.map((topic) => [topic, { topic, error: "NONE", leaders }]));
  }

  leader(_topic: string, partition: number): number | undefined {
    return this.#known.get(partition);
  }

  forget(_topic: string, partition: number): void {
    this.#known.delete(partition);
  }

  node(id: number): FakeLink | undefined {
    return this.links[id];
  }

  // deno-lint-ignore require-await -- as the cluster's
  async any(): Promise<FakeLink> {
    return this.links[0]!;
  }

  async close(): Promise<void> {}

  /** Whether all that was written to a batch's partition was acknowledged too. */
  settled({ partition }: SeenBatch): boolean {
    return this.partitions[partition]!.unacknowledged.size === 0;
  }

  /** Writes a batch if it may be written; the error code. */
  append(batch: SeenBatch): number {
    const partition = this.partitions[batch.partition]!;
    if (partition.leader !== batch.broker) return CODE.NOT_LEADER;
    const { sequence, epoch, values } = batch;
    const last = (sequence + values.length - 1) & 0x7fff_ffff;
    let state = partition.producers.get(batch.producerId);
    if (state !== undefined && state.epoch === epoch) {
      if (state.window.some((known) => known[0] === sequence && known[1] === last)) return CODE.NONE;
      const expected = (state.window.at(-1)![1] + 1) & 0x7fff_ffff;
      if (sequence !== expected) {
        return (sequence - expected) << 1 >> 1 < 0 ? CODE.DUPLICATE : CODE.OUT_OF_ORDER;
      }
    } else if (state !== undefined && sequence !== 0) return CODE.OUT_OF_ORDER;
    if (state === undefined || state.epoch !== epoch) {
      partition.producers.set(batch.producerId, state = { epoch, window: [] });
    }
    state.window.push([sequence, last]);
    if (state.window.length > 5) state.window.shift();
    partition.values.push(...values);
    partition.unacknowledged.add(values[0]!);
    return CODE.NONE;
  }
}

/** Stands for the link to one broker: requests are carried out and answered in their order. */
export class FakeLink {
  readonly headerBytes = 20;
  readonly address: string;
  connected = true;
  /** While set, no connection can be made. */
  down = false;
  mostInFlight = 0;
  readonly #cluster: FakeCluster;
  readonly #id: number;
  #requests: Request[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(cluster: FakeCluster, id: number) {
    this.#cluster = cluster;
    this.#id = id;
    this.address = `fake:${id}`;
  }

  // deno-lint-ignore require-await -- as the link's
  async connect(): Promise<void> {
    if (this.down) throw new ConnectionLost(`${this.address}: refused`);
    this.connected = true;
  }

  throttle(): void {}

  // deno-lint-ignore require-await -- as the link's
  async request(api: string): Promise<unknown> {
    if (api !== "InitProducerId") throw new Error(`Cannot answer ${api}`);
    return { errorCode: 0, producerId: String(++this.#cluster.producerIds), producerEpoch: 0 };
  }

  async send<T>(
    _key: number,
    _name: string,
    _version: number,
    body: Uint8Array,
    options: SendOptions<T>,
  ): Promise<T> {
    if (this.down) throw new ConnectionLost(`${this.address}: refused`);
    const answer = await new Promise<Uint8Array>((resolve, reject) => {
      this.#requests.push({ body: body.slice(options.bodyAt ?? 0), resolve, reject });
      this.mostInFlight = Math.max(this.mostInFlight, this.#requests.length);
      this.#next();
    });
    return options.decode(answer);
  }

  /** Requests that are not answered yet. */
  get inFlight(): number {
    return this.#requests.length;
  }

  /** Answers at once what waits. */
  hurry(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#next();
  }

  /** Breaks the connection. */
  cut(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const requests = this.#requests;
    this.#requests = [];
    this.connected = false;
    const { requests: strays, afterMs } = this.#cluster.options.strays?.() ?? { requests: 0, afterMs: 0 };
    const stray = () => {
      for (const { body } of requests.slice(0, strays)) {
        this.#carryOut(readBatches(body, this.#id));
      }
    };
    if (afterMs === 0) stray();
    else setTimeout(stray, afterMs);
    for (const { reject } of requests) reject(new ConnectionLost(`${this.address}: cut`));
  }

  #next(): void {
    if (this.#requests.length === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#answer();
      this.#next();
    }, this.#cluster.options.latencyMs?.() ?? 0);
  }

  #answer(): void {
    const { fate } = this.#cluster.options;
    const { body, resolve, reject } = this.#requests[0]!;
    const batches = readBatches(body, this.#id);
    const fates = batches.map((batch) => fate?.(batch));
    const cut = fates.find((each) => each !== undefined && "cut" in each) as { cut: string } | undefined;
    if (cut?.cut === "before") return this.cut();
    const codes = this.#carryOut(batches, fates);
    this.#requests.shift();
    if (cut === undefined) {
      for (const [i, { partition, values }] of batches.entries()) {
        if (codes[i] === CODE.NONE || codes[i] === CODE.DUPLICATE) {
          this.#cluster.partitions[partition]!.unacknowledged.delete(values[0]!);
        }
      }
      return resolve(answerOf(batches, codes));
    }
    reject(new ConnectionLost(`${this.address}: cut`));
    this.cut();
  }

  #carryOut(batches: readonly SeenBatch[], fates?: readonly (Fate | undefined)[]): number[] {
    return batches.map((batch, i) => {
      this.#cluster.seen.push(batch);
      const fate = fates === undefined ? this.#cluster.options.fate?.(batch) : fates[i];
      if (fate === undefined || !("code" in fate)) return this.#cluster.append(batch);
      if (!fate.written) return fate.code;
      const code = this.#cluster.append(batch);
      return code === CODE.NONE ? fate.code : code;
    });
  }
}

function readBatches(body: Uint8Array, broker: number): SeenBatch[] {
  const input = new ByteReader(body);
  const idLength = input.int16(); // of the transactional id
  for (let i = 0; i < idLength; i++) input.int8();
  input.int16();
  input.int32();
  return input.array(() => {
    input.string();
    return input.array((): SeenBatch => {
      const partition = input.int32();
      const bytes = input.bytes().slice();
      const view = new DataView(bytes.buffer);
      const set = readRecordSet({
        topic: "t",
        partition,
        fetchOffset: 0,
        bytes,
        from: 0,
        to: bytes.length,
        endOffset: 1e6,
        startOffset: 0,
      });
      return {
        broker,
        partition,
        producerId: Number(view.getBigInt64(43)),
        epoch: view.getInt16(51),
        sequence: view.getInt32(53),
        values: Array.from({ length: set.count }, (_, i) => new TextDecoder().decode(set.value(i)!)),
        bytes: bytes.length,
      };
    });
  }).flat();
}

function answerOf(batches: readonly SeenBatch[], codes: readonly number[]): Uint8Array {
  const out = new ByteWriter();
  out.int32(1);
  out.string("t");
  out.int32(batches.length);
  for (const [i, { partition }] of batches.entries()) {
    out.int32(partition);
    out.int16(codes[i]!);
    out.int64(0);
    out.int64(-1);
    out.int64(0);
  }
  out.int32(0);
  return out.done();
}

/** Fates drawn at random: errors before and after writing, and broken connections. */
export function randomFates(
  { random, below }: SeededRandom,
  share: number,
): (batch: SeenBatch) => Fate | undefined {
  const fates: readonly Fate[] = [
    { code: CODE.NOT_ENOUGH_REPLICAS, written: false },
    { code: CODE.NOT_LEADER, written: false },
    { code: CODE.NOT_LEADER, written: true },
    { code: CODE.REQUEST_TIMED_OUT, written: true },
    { code: CODE.NOT_ENOUGH_REPLICAS_AFTER_APPEND, written: true },
    { cut: "before" },
    { cut: "after" },
  ];
  return () => random() < share ? fates[below(fates.length)] : undefined;
}
