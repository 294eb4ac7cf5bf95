/**
 * Records that fail, on any log: run against the in-memory log and against Kafka.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { stringSerde } from "../../../src/serde/mod.ts";
import { ProcessingError, StreamsApp, StreamsBuilder, type StreamsConfig } from "../../../src/engine/mod.ts";
import { type Log, ProduceError } from "../../../src/kafka/mod.ts";
import { until, type WithPlace } from "./app_contract.ts";
import { whole } from "../../../src/kafka/port/bytes_range.ts";

const text = { key: stringSerde(), value: stringSerde() };
const decoder = new TextDecoder();

/** What a topic of one partition has, with read_committed. */
async function readAll(log: Log, topic: string) {
  const partition = { topic, partition: 0 };
  const [end] = await log.offsets([partition], "latest");
  const records: { key: string | null; value: string; headers: Record<string, string | null> }[] = [];
  const fetcher = log.fetcher();
  fetcher.assign(partition, 0);
  for (let next = 0; next < end!;) {
    for (const set of await fetcher.poll(1000)) {
      next = set.nextOffset;
      for (let i = 0; i < set.count; i++) {
        const [key, value] = [set.key(i), set.value(i)];
        records.push({
          key: key && decoder.decode(key),
          value: decoder.decode(value!),
          headers: Object.fromEntries(
            set.headers(i).map((header) => [header.key, header.value && decoder.decode(header.value)]),
          ),
        });
      }
    }
  }
  await fetcher.close();
  return records;
}

async function write(log: Log, topic: string, records: [key: string | null, value: string][]): Promise<void> {
  const producer = log.producer();
  for (const [key, value] of records) {
    const [k, v] = [key === null ? null : new TextEncoder().encode(key), new TextEncoder().encode(value)];
    const headers = [{ key: "trace", value: new TextEncoder().encode("7") }];
    producer.append(topic, 0, Date.now(), whole(k), whole(v), headers);
  }
  await producer.close();
}

/** Defines the tests. */
export function deadLetterContract(kind: string, withPlace: WithPlace): void {
  for (const processingGuarantee of ["at_least_once", "exactly_once"] as const) {
    const test = (
      name: string,
      body: (log: Log, name: string, start: (config: Partial<StreamsConfig>) => StreamsApp) => Promise<void>,
    ): void =>
      Deno.test(`${kind}, ${processingGuarantee}: ${name}`, () =>
        withPlace(async ({ log, name }) => {
          await log.createTopics(["in", "out"].map((topic) => ({
            topic: `${name}-${topic}`,
            partitions: 1,
            replicationFactor: 1,
            // Takes no record without a key.
            ...(topic === "out" ? { config: { "cleanup.policy": "compact" } } : {}),
          })));
          const builder = new StreamsBuilder();
          builder.stream(`${name}-in`, text).mapValues((value) => {
            if (value === "poison") throw new RangeError("no luck");
            return value;
          }).to(`${name}-out`, text);
          const apps: StreamsApp[] = [];
          try {
            await body(log, name, (config) => {
              const app = new StreamsApp(builder.build(), log, {
                applicationId: name,
                processingGuarantee,
                ...config,
              });
              apps.push(app);
              return app;
            });
          } finally {
            for (const app of apps) await app.close();
          }
        }));

    test(
      "a processor's failures become dead letters in the place of outputs, each once",
      async (log, name, start) => {
        const records = Array.from({ length: 500 }, (_, i): [string, string] => [
          `key ${i}`,
          i % 10 === 3 ? "poison" : `value ${i}`,
        ]);
        await write(log, `${name}-in`, records);
        const app = start({
          onProcessingError: () => ({ deadLetter: `${name}-dead` }),
          deadLetterTopics: [`${name}-dead`],
        });
        await app.start();
        await until("all processed", () => app.stats.processed === 500);
        await app.close();
        const outputs = await readAll(log, `${name}-out`);
        assertEquals(
          outputs.map(({ key, value }) => [key, value]),
          records.filter(([, value]) => value !== "poison"),
        );
        const letters = await readAll(log, `${name}-dead`);
        const expected = records.flatMap(([key, value], i) =>
          value !== "poison" ? [] : [[key, value, "7", "RangeError", `${name}-in`, "0", String(i), "0_0"]]
        );
        const H = "__streams.errors";
        assertEquals(
          letters.map(({ key, value, headers }) => [
            key,
            value,
            headers["trace"],
            headers[`${H}.exception`],
            headers[`${H}.topic`],
            headers[`${H}.partition`],
            headers[`${H}.offset`],
            headers["kos.errors.task"],
          ]),
          expected,
        );
        assertEquals(app.stats.deadLettered, { [`${name}-dead`]: 50 });
        assertEquals(app.stats.dropped.processing_error, 50);
      },
    );

    test(
      "what the log refuses for good becomes a dead letter, and all around it is written",
      async (log, name, start) => {
        const records = Array.from(
          { length: 200 },
          (_, i): [string | null, string] => [i % 50 === 7 ? null : `key ${i}`, `value ${i}`],
        );
        await write(log, `${name}-in`, records);
        const app = start({
          onProductionError: ({ topic, reason }) => {
            assertEquals([topic, reason], [`${name}-out`, "refused"]);
            return { deadLetter: `${name}-dead` };
          },
          deadLetterTopics: [`${name}-dead`],
        });
        await app.start();
        await until("all processed", () => app.stats.processed === 200);
        await app.close();
        assertEquals(
          (await readAll(log, `${name}-out`)).map(({ value }) => value),
          records.filter(([key]) => key !== null).map(([, value]) => value),
        );
        const letters = await readAll(log, `${name}-dead`);
        assertEquals(letters.map(({ value }) => value).sort(), [
          "value 107",
          "value 157",
          "value 57",
          "value 7",
        ]);
        const { headers } = letters[0]!;
        assertEquals(headers["trace"], "7");
        assertEquals(headers["__streams.errors.topic"], `${name}-out`);
        assertEquals(headers["__streams.errors.offset"], null);
        assertEquals(app.stats.dropped.production_error, 4);
        const [committed] = await log.committed(name, [{ topic: `${name}-in`, partition: 0 }]);
        assertEquals(committed, 200);
      },
    );

    test("with continue what the log refuses is left out and counted", async (log, name, start) => {
      await write(log, `${name}-in`, [["a", "1"], [null, "2"], ["c", "3"]]);
      const app = start({ onProductionError: () => "continue" });
      await app.start();
      await until("all processed", () => app.stats.processed === 3);
      await app.close();
      assertEquals((await readAll(log, `${name}-out`)).map(({ value }) => value), ["1", "3"]);
      assertEquals(app.stats.dropped.production_error, 1);
    });

    test(
      "without a handler a refused record ends the application, and nothing is committed",
      async (log, name, start) => {
        await write(log, `${name}-in`, [[null, "2"]]);
        const app = start({});
        await app.start();
        await assertRejects(() => app.done, ProduceError, `1 of ${name}-out`);
        const [committed] = await log.committed(name, [{ topic: `${name}-in`, partition: 0 }]);
        assertEquals(committed, undefined);
      },
    );

    test(
      "a dead letter that is to go to a topic that was not set ends the application",
      async (log, name, start) => {
        await write(log, `${name}-in`, [["k", "poison"]]);
        const app = start({ onProcessingError: () => ({ deadLetter: `${name}-dead` }) });
        await app.start();
        await assertRejects(() => app.done, ProcessingError, "name it there");
      },
    );
  }
}
