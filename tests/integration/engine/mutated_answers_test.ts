/** A broker of bad will: one whose answers are changed by chance, but for their lengths and numbers, on their way to an application. */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { mutateBytes } from "../../../scripts/fuzz/mutations.ts";
import { startBroker } from "../../../scripts/support/broker.ts";
import { freePorts } from "../../../scripts/support/ports.ts";
import { startProxy } from "../../../scripts/support/proxy.ts";
import { StreamsApp, StreamsBuilder, type Topology } from "../../../src/engine/mod.ts";
import { Random } from "../../../src/game/random.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import { until } from "../../engine/app/app_contract.ts";
import { readRecords, writeRecords } from "../../kafka/port/records.ts";
import { seededRandom } from "../../support/seeded_random.ts";
import { connection, quiet } from "../kafka/broker.ts";

const text = { key: stringSerde(), value: stringSerde() };
/** Of its frame, what stays: length, correlation id, and most answers' throttle time, which would only make them wait. */
const KEPT_BYTES = 12;
const ATTEMPTS = 4;
const MUTATIONS_EACH = 15;
/** What a program throws that has believed what it should not have. */
const UNTYPED = [TypeError, RangeError, ReferenceError, SyntaxError];

/** An answer with its rest changed, and a length that is right again. */
function mutated(frame: Uint8Array, random: Random): Uint8Array {
  const rest = frame.subarray(KEPT_BYTES);
  const other = mutateBytes(rest, random, rest);
  const changed = new Uint8Array(KEPT_BYTES + other.length);
  changed.set(frame.subarray(0, KEPT_BYTES));
  changed.set(other, KEPT_BYTES);
  new DataView(changed.buffer).setInt32(0, changed.length - 4);
  return changed;
}

/** Counts words; what comes out names the application. */
function topology(applicationId: string): Topology {
  const builder = new StreamsBuilder();
  builder.stream("in", text).groupBy((_key, value) => value, { ...text, name: "words" })
    .count({ value: int64Serde(), name: "counts" }).toStream()
    .map((word, count): [string, string] => [`${applicationId} ${word}`, String(count)]).to("out", text);
  return builder.build();
}

Deno.test("answers that were changed by chance end an application by typed errors or not at all, take no memory, and leave nothing wrong", async () => {
  const { below } = seededRandom(14);
  const random = Random.ofSeed(below(2 ** 21));
  const [port, advertise] = freePorts(2) as [number, number];
  const broker = await startBroker({ proxied: { port, advertise } });
  let left = 0;
  let changed = 0;
  const proxy = await startProxy({
    target: { port },
    port: advertise,
    onAnswer: (_answer, frame) => {
      if (left === 0 || frame.length <= KEPT_BYTES || random.below(6) > 0) return undefined;
      left--;
      changed++;
      return mutated(frame, random);
    },
  });
  const log = new KafkaLog({ ...connection(), brokers: [`127.0.0.1:${advertise}`] }, { logger: quiet });
  const logger = { info() {}, warn() {} };
  const start = (applicationId: string, i: number): StreamsApp =>
    new StreamsApp(topology(applicationId), log, {
      applicationId,
      processingGuarantee: i % 2 === 0 ? "at_least_once" : "exactly_once",
      logger,
    });
  try {
    await log.createTopics(["in", "out"].map((topic) => ({ topic, partitions: 2 })));
    await writeRecords(
      log,
      "in",
      Array.from({ length: 300 }, (_, i) => ({ key: `${i}`, value: `w${i % 3}` })),
    );
    const before = Deno.memoryUsage().rss;
    const ends: string[] = [];
    for (let i = 0; i < ATTEMPTS; i++) {
      left = MUTATIONS_EACH;
      const app = start(`hostile-${i}`, i);
      let failure: unknown;
      const run = async (): Promise<void> => {
        await app.start();
        await app.done;
      };
      const ended = run().then(() => true, (error) => {
        failure = error;
        return true;
      });
      for (let ms = 0; ms < 5_000 && left > 0 && !await Promise.race([ended, delay(50)]); ms += 50);
      left = 0;
      await app.close().catch((error) => failure ??= error);
      await ended;
      for (const Untyped of UNTYPED) assert(!(failure instanceof Untyped), failure as Error);
      ends.push(failure instanceof Error ? failure.message : "went on");
    }
    assert(changed > ATTEMPTS, `${changed} answers were changed`);
    const grown = Deno.memoryUsage().rss - before;
    assert(grown < 500_000_000, `${grown} bytes more\n${ends.join("\n")}`);
    const last = start("last", 0);
    await last.start();
    const counts = async () => new Map((await readRecords(log, "out")).map(({ key, value }) => [key, value]));
    await until("all is counted", async () => {
      const found = await counts();
      return [0, 1, 2].every((word) => found.get(`last w${word}`) === "100");
    });
    assertEquals(last.state, "running");
    await last.close();
  } finally {
    await log.close();
    await proxy.close();
    await broker.stop();
  }
});
