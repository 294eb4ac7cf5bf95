/**
 * Steps that wait for promises, on any log: run against the in-memory log and against Kafka.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { stringSerde } from "../../../src/serde/mod.ts";
import {
  type AsyncOptions,
  StreamsApp,
  StreamsBuilder,
  type StreamsConfig,
} from "../../../src/engine/mod.ts";
import type { Log } from "../../../src/kafka/mod.ts";
import { readRecords, writeRecords } from "../../kafka/port/records.ts";
import { seededRandom } from "../../support/seeded_random.ts";
import { until, type WithPlace } from "./app_contract.ts";

const text = { key: stringSerde(), value: stringSerde() };
const PARTITIONS = 2;

async function write(
  log: Log,
  topic: string,
  records: readonly (readonly [string, number])[],
): Promise<void> {
  await writeRecords(
    log,
    topic,
    records.map(([value, partition]) => ({ partition, timestamp: Date.now(), key: `p${partition}`, value })),
  );
}

/** The values of a topic by key, with read_committed. */
export async function valuesByKey(log: Log, topic: string): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const { key, value } of await readRecords(log, topic)) {
    found.set(key!, [...found.get(key!) ?? [], value!]);
  }
  return found;
}

/** Defines the tests. */
export function asyncContract(kind: string, withPlace: WithPlace): void {
  for (const processingGuarantee of ["at_least_once", "exactly_once"] as const) {
    const exactly = processingGuarantee === "exactly_once";

    /** Where a test writes to `in`, asks for each value, and reads `out`. */
    interface Desk {
      readonly log: Log;
      readonly input: string;
      /** Makes an application that asks for each record; exactly once, for how many its key has had. */
      make(
        ask: (value: string, signal: AbortSignal) => Promise<string> | string,
        config?: Partial<StreamsConfig>,
        options?: AsyncOptions,
      ): StreamsApp;
      /** What is committed of a partition. */
      committed(partition?: number): Promise<number>;
      output(): Promise<Map<string, string[]>>;
    }

    const test = (name: string, body: (desk: Desk) => Promise<void>): void =>
      Deno.test(`${kind}, ${processingGuarantee}: ${name}`, () =>
        withPlace(async ({ log, name }) => {
          const [input, output] = [`${name}-in`, `${name}-out`];
          await log.createTopics(
            [input, output].map((topic) => ({ topic, partitions: PARTITIONS, replicationFactor: 1 })),
          );
          const parts = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: input, partition }));
          await body({
            log,
            input,
            make(ask, config, options) {
              const builder = new StreamsBuilder();
              const stream = builder.stream(input, text);
              // At least once, a count goes on from its changelog, which is ahead of what was committed.
              const values = exactly
                ? stream.groupByKey(text).count({ name: "counts" }).toStream().mapValues((count) =>
                  `${count}`
                )
                : stream;
              // The promises that a test holds are settled late on a busy machine.
              const patient = { timeoutMs: 120_000, ...options };
              values.mapValuesAsync((value, _key, signal) => ask(value, signal), patient).to(output, text);
              const { timeoutMs: _, ...rest } = { timeoutMs: 0, ...config };
              return new StreamsApp(builder.build(), log, {
                applicationId: name,
                processingGuarantee,
                ...rest,
              });
            },
            committed: async (partition = 0) => (await log.committed(name, parts))[partition] ?? 0,
            output: () => valuesByKey(log, output),
          });
        }));

    test("nothing is committed past a record whose promise is not settled", async ({ log, input, ...desk }) => {
      const open = Promise.withResolvers<void>();
      const app = desk.make(async (value) => {
        if (value === "2") await open.promise;
        return value;
      });
      await app.start();
      await write(log, input, ["1", "2", "3"].map((value) => [value, 0]));
      await until("all taken", () => app.stats.processed === 3);
      // Commits have been made since.
      await write(log, input, [["1", 1]]);
      await until("the other task's is committed", async () => await desk.committed(1) >= 1);
      const early = await desk.committed();
      assert(early <= 1, `committed ${early}`);
      open.resolve();
      await until("all committed", async () => await desk.committed() >= 3);
      await app.close();
      assertEquals((await desk.output()).get("p0"), ["1", "2", "3"]);
    });

    test("an application that closes waits for promises, but not for ever, and the next one goes on there", async ({ log, input, ...desk }) => {
      const slow = Promise.withResolvers<void>();
      const [hung, aborted] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      let holding = true;
      const ask = async (value: string, signal: AbortSignal): Promise<string> => {
        if (value === "2" && holding) await slow.promise;
        if (value === "3" && holding) {
          signal.addEventListener("abort", () => aborted.resolve());
          await hung.promise;
        }
        return value;
      };
      const first = desk.make(ask);
      await first.start();
      await write(log, input, ["1", "2", "3"].map((value) => [value, 0]));
      await until("all taken", () => first.stats.processed === 3);
      const closed = first.close();
      slow.resolve();
      await closed;
      await aborted.promise;
      hung.resolve();
      assertEquals(first.uncommitted, [{ topic: input, partition: 0, offset: exactly ? 0 : 2 }]);
      // Exactly once, a commit is of all that was taken or of nothing.
      assertEquals((await desk.output()).get("p0"), exactly ? undefined : ["1", "2"]);
      assert(await desk.committed() <= (exactly ? 0 : 2));
      holding = false;
      const second = desk.make(ask);
      await second.start();
      await until("all out", async () => (await desk.output()).get("p0")?.includes("3") === true);
      await second.close();
      if (exactly) assertEquals((await desk.output()).get("p0"), ["1", "2", "3"]);
    });

    test("a promise that is rejected ends the application, and nothing from it on is committed", async ({ log, input, ...desk }) => {
      const app = desk.make((value) => value === "2" ? Promise.reject(new Error("no luck")) : value);
      await app.start();
      await write(log, input, ["1", "2", "3"].map((value) => [value, 0]));
      await assertRejects(() => app.done, Error, `offset 1 of ${input}-0 in task 0_0: KSTREAM-MAPVALUES-`);
      const committed = await desk.committed();
      assert(committed <= 1, `committed ${committed}`);
    });

    test("instances come, go and fail while promises are under way: nothing is lost, exactly once nothing doubled", async ({ log, input, ...desk }) => {
      const { below } = seededRandom();
      const ask = async (value: string): Promise<string> => {
        if (below(3) > 0) await delay(below(20));
        return value;
      };
      const config = { heartbeatIntervalMs: 50, commitIntervalMs: 20 };
      const options = { concurrency: 4 };
      const counts = [0, 0];
      const round = async (records: number): Promise<void> => {
        await write(
          log,
          input,
          Array.from({ length: records }, () => {
            const partition = below(PARTITIONS);
            return [`${++counts[partition]!}`, partition] as const;
          }),
        );
      };
      const apps = [desk.make(ask, config, options)];
      await apps[0]!.start();
      for (let i = 0; i < 3; i++) {
        await round(40);
        apps.push(desk.make(ask, config, options));
        await apps.at(-1)!.start();
        await round(40);
        await delay(below(200));
        await apps.shift()!.close();
      }
      await until("all out", async () => {
        const found = await desk.output();
        return counts.every((count, i) => found.get(`p${i}`)?.includes(`${count}`) === true);
      });
      for (let i = 0; i < 2; i++) {
        // What it has under way fails with it.
        const failing = desk.make(
          (value) => below(20) === 0 ? Promise.reject(new Error("fails")) : ask(value),
          config,
          options,
        );
        await apps.shift()!.close();
        apps.push(failing);
        failing.done.catch(() => {});
        await failing.start().catch(() => {});
        for (let more = 0; failing.state === "running"; more++) {
          assert(more < 500, "it never failed");
          await round(10);
          await delay(20);
        }
        apps[0] = desk.make(ask, config, options);
        await apps[0].start();
      }
      await round(20);
      await until("all out", async () => {
        const found = await desk.output();
        return counts.every((count, i) => found.get(`p${i}`)?.includes(`${count}`) === true);
      });
      await apps[0]!.close();
      const found = await desk.output();
      for (const [i, count] of counts.entries()) {
        const values = found.get(`p${i}`)!;
        const all = Array.from({ length: count }, (_, n) => `${n + 1}`);
        if (exactly) assertEquals(values, all);
        else assertEquals([...new Set(values)], all);
      }
    });
  }
}
