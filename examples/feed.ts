/**
 * What `deno task example NAME --feed` does: writes records such as a program's users would, and shows them
 * with what the program makes of them, until it is interrupted.
 *
 * @module
 */
import process from "node:process";
import {
  connectionConfig,
  type Consumed,
  ensureTopics,
  type Log,
  openKafkaLog,
  partitionFor,
  type Producer,
  registryFrom,
  type SchemaRegistry,
  silentLogger,
  StreamsApp,
  StreamsBuilder,
  waitForBroker,
  whole,
} from "@kos/kos";

/** A record to write: the value as JSON, or bytes that are none. */
export interface Sample {
  readonly topic: string;
  readonly key: string;
  readonly value: unknown;
}

/** The records of one example. */
export interface Feed {
  /** The application id of the example. */
  readonly name: string;
  /** Topics with equally many partitions, which are created when they are missing. */
  readonly inputs: readonly string[];
  /** Records that the others need. */
  readonly first?: readonly Sample[];
  /** The next record. */
  readonly next: () => Sample;
  /** How long until the next one, in ms. */
  readonly everyMs: number;
  /** The topics to show, and how they are read. */
  // deno-lint-ignore no-explicit-any -- it prints whatever comes
  readonly outputs: (registry: SchemaRegistry | undefined) => Record<string, Consumed<any, any>>;
}

/** What `--prefix` is for the program: what the topics' names begin with. */
export const PREFIX: string = process.env.KOS_PREFIX ?? "";

/** One of several, at random. */
export function any<T>(values: readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)]!;
}

/** How many partitions the topics get, as with the program itself. */
const PARTITIONS = 4;

/** Writes and shows records until the process is ended. */
export async function feed(feed: Feed): Promise<void> {
  const config = connectionConfig((name) => process.env[name]);
  const log = await openKafkaLog(config, { logger: silentLogger });
  const logger = { info: print, warn: print };
  await waitForBroker(log, { forMs: 60_000, logger });
  const partitions = await ensureTopics(log, feed.inputs, PARTITIONS, 1, logger);
  await showOutputs(feed, log);
  const producer = log.producer();
  for (const sample of feed.first ?? []) write(producer, partitions, sample);
  await producer.flush();
  setInterval(() => write(producer, partitions, feed.next()), feed.everyMs);
}

function write(producer: Producer, partitions: number, { topic, key, value }: Sample): void {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const bytes = new TextEncoder().encode(key);
  const partition = partitionFor(bytes, 0, bytes.length, partitions);
  producer.append(topic, partition, Date.now(), whole(bytes), whole(new TextEncoder().encode(text)));
  show("→", topic, key, text);
}

/** A topology that only prints. It reads from now on. */
async function showOutputs(feed: Feed, log: Log): Promise<void> {
  const registry = registryFrom((name) => process.env[name]);
  const builder = new StreamsBuilder();
  for (const [topic, consumed] of Object.entries(feed.outputs(registry))) {
    builder.stream(topic, consumed).foreach((key, value) => show("←", topic, key, JSON.stringify(value)));
    await ensureTopics(log, [topic], PARTITIONS, 1, { info: print, warn: print });
  }
  const applicationId = `${PREFIX}${feed.name}-feed`;
  const app = new StreamsApp(builder.build(), log, { applicationId, autoOffsetReset: "latest" });
  await app.start();
}

function show(arrow: string, topic: string, key: unknown, value: string): void {
  print(`${arrow} ${topic.slice(PREFIX.length).padEnd(18)} ${String(key).padEnd(8)} ${value}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
