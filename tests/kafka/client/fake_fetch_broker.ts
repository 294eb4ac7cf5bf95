/** A broker that answers fetches from batches in memory, without a socket: for tests of what a fetcher makes of its answers. */
import type { Cluster } from "../../../src/kafka/client/cluster.ts";
import { KafkaFetcher } from "../../../src/kafka/client/fetcher.ts";
import type { KafkaAdmin } from "../../../src/kafka/client/admin.ts";
import { LinkHealth } from "../../../src/kafka/client/link_health.ts";
import type { FetcherOptions } from "../../../src/kafka/port/fetcher.ts";
import { ByteReader, ByteWriter } from "../../../src/kafka/wire/protocol/bytes.ts";
import { BatchWriter } from "../../../src/kafka/wire/record_batch/writer.ts";
import { whole } from "../../../src/kafka/port/bytes_range.ts";

/** The topic that it has. */
export const TOPIC = "hits";

/** Where in an answer each batch's bytes are. */
export type Places = readonly { readonly from: number; readonly to: number }[];

/** A fetch as the broker saw it. */
export interface SeenFetch {
  readonly lane: number;
  readonly maxBytes: number;
  readonly sessionEpoch: number;
  readonly partitions: readonly {
    readonly partition: number;
    readonly offset: number;
    readonly maxBytes: number;
  }[];
}

/** See the module. It has no room for sessions, so that each request names all. */
export class FakeBroker {
  /** Encoded batches with their first offsets, by partition. */
  readonly batches: { readonly base: number; readonly next: number; readonly bytes: Uint8Array }[][] = [];
  readonly fetches: SeenFetch[] = [];
  readonly warnings: string[] = [];
  /** Lanes whose connection was ended by the client. */
  readonly resets: number[] = [];
  /** How long an answer takes, in ms. */
  delayMs = 0;
  /** The fetcher's, in ms. */
  retryBackoffMs = 1;
  /** What the fetcher tells of failures. */
  readonly health: LinkHealth = new LinkHealth();
  /** What asking for offsets fails with, as often as there are some. */
  readonly offsetErrors: Error[] = [];
  /** Changes an answer before it is sent. */
  onAnswer: (answer: Uint8Array, batches: Places) => Uint8Array = (answer) => answer;

  constructor(partitions: number) {
    for (let i = 0; i < partitions; i++) this.batches.push([]);
  }

  /** Appends a batch to a partition. */
  append(partition: number, values: readonly string[], compression: "none" | "gzip" = "none"): void {
    const list = this.batches[partition]!;
    const base = list.at(-1)?.next ?? 0;
    const writer = new BatchWriter();
    for (const value of values) {
      const bytes = new TextEncoder().encode(value);
      writer.append(1_700_000_000_000, null, whole(bytes));
    }
    const bytes = writer.finish({ compression }).slice();
    new DataView(bytes.buffer).setBigInt64(0, BigInt(base));
    list.push({ base, next: base + values.length, bytes });
  }

  /** A fetcher of it. */
  fetcher(options: FetcherOptions = {}): KafkaFetcher {
    const cluster = {
      settings: {
        retryBackoffMs: this.retryBackoffMs,
        health: this.health,
        logger: { warn: (line: string) => this.warnings.push(line), error: () => {} },
      },
      leader: () => 0,
      forget: () => {},
      metadata: () => Promise.resolve(new Map()),
      prepare: () => Promise.resolve(),
      close: () => Promise.resolve(),
      node: () => ({
        address: "fake:9092",
        send: (_key: number, _name: string, _version: number, body: Uint8Array, { lane }: { lane: number }) =>
          this.#answer(body, lane),
        throttle: () => {},
        reset: (lane: number) => void this.resets.push(lane),
      }),
    };
    const admin = {
      offsets: (partitions: { partition: number }[], at: "earliest" | "latest") => {
        const error = this.offsetErrors.shift();
        if (error !== undefined) return Promise.reject(error);
        return Promise.resolve(
          partitions.map(({ partition }) =>
            at === "earliest" ? this.batches[partition]?.[0]?.base ?? 0 : this.#end(partition)
          ),
        );
      },
    };
    return new KafkaFetcher(cluster as unknown as Cluster, admin as unknown as KafkaAdmin, options);
  }

  #end(partition: number): number {
    return this.batches[partition]!.at(-1)?.next ?? 0;
  }

  async #answer(body: Uint8Array, lane: number): Promise<Uint8Array> {
    await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    const input = new ByteReader(body);
    input.int32();
    input.int32();
    input.int32();
    const maxBytes = input.int32();
    input.int8();
    const [session, sessionEpoch] = [input.int32(), input.int32()];
    const partitions = input.array(() => {
      input.string();
      return input.array(() => {
        const partition = input.int32();
        input.int32();
        const offset = input.int64();
        input.int64();
        return { partition, offset, maxBytes: input.int32() };
      });
    }).flat();
    this.fetches.push({ lane, maxBytes, sessionEpoch, partitions });
    const out = new ByteWriter(256);
    out.int32(0);
    out.int16(session === 0 ? 0 : 70); // FETCH_SESSION_ID_NOT_FOUND
    out.int32(0);
    const places: { from: number; to: number }[] = [];
    if (session !== 0) out.int32(0);
    else {
      out.int32(1);
      out.string(TOPIC);
      out.int32(partitions.length);
      let left = maxBytes;
      for (const asked of partitions) {
        const end = this.#end(asked.partition);
        const known = asked.offset <= end;
        out.int32(asked.partition);
        out.int16(known ? 0 : 1);
        for (let i = 0; i < 2; i++) out.int64(known ? end : -1);
        out.int64(known ? 0 : -1);
        out.int32(-1);
        out.int32(-1);
        const list = this.batches[asked.partition]!.filter(({ next }) => next > asked.offset);
        const sent: Uint8Array[] = [];
        let size = 0;
        for (const { bytes } of list) {
          if (sent.length > 0 && (size + bytes.length > asked.maxBytes || bytes.length > left)) break;
          sent.push(bytes);
          size += bytes.length;
          left -= bytes.length;
        }
        out.int32(size);
        for (const bytes of sent) {
          const from = out.done().length;
          places.push({ from, to: from + bytes.length });
          out.raw(bytes);
        }
      }
    }
    return this.onAnswer(out.done().slice(), places);
  }
}
