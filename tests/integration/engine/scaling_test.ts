/**
 * Growing from one instance to four under a steady load: how often tasks move, and for how long they pause.
 */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import { StreamsApp, StreamsBuilder } from "../../../src/engine/mod.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { connectionConfig } from "../../../src/kafka/mod.ts";
import { until } from "../../engine/app/app_contract.ts";
import { steadyLoad } from "./steady_load.ts";

const PARTITIONS = 8;
/** A record for each partition in this time, in ms. */
const TICK_MS = 10;
/** Keys a partition, written beforehand: state to restore. */
const KEYS = 40_000;

/** When and where each partition's records were processed. */
interface Seen {
  readonly at: number;
  readonly instance: number;
}

for (const numStandbyReplicas of [0, 1]) {
  Deno.test(`from one to four instances and to three, ${numStandbyReplicas} standbys: tasks move at most once, kept ones go on`, async () => {
    const silent = { error() {}, warn() {}, info() {}, debug() {} };
    const log = new KafkaLog(connectionConfig((name) => Deno.env.get(name)), {
      clientId: "scaling",
      logger: silent,
    });
    const name = `scaling-${crypto.randomUUID()}`;
    const topics = [`${name}-in`, `${name}-out`];
    const apps: StreamsApp[] = [];
    const stop = new AbortController();
    const seen: Seen[][] = Array.from({ length: PARTITIONS }, () => []);
    try {
      await log.createTopics(
        topics.map((topic) => ({ topic, partitions: PARTITIONS, replicationFactor: 1 })),
      );
      const start = async (instance: number): Promise<void> => {
        const builder = new StreamsBuilder();
        const text = { key: stringSerde(), value: stringSerde() };
        builder.stream(topics[0]!, text)
          .peek((_key, value) => seen[Number(value)]!.push({ at: performance.now(), instance }))
          .groupByKey(text)
          .count({ value: int64Serde() })
          .toStream()
          .to(topics[1]!, { key: stringSerde(), value: int64Serde() });
        const app = new StreamsApp(builder.build(), log, { applicationId: name, numStandbyReplicas });
        apps.push(app);
        await app.start();
      };
      await start(0);
      const loaded = steadyLoad(
        log,
        { topic: topics[0]!, partitions: PARTITIONS, keys: KEYS, tickMs: TICK_MS },
        stop.signal,
      );
      await until("the state", () => apps[0]!.stats.processed > KEYS * PARTITIONS);
      const from = performance.now();
      // All at once, as an autoscaler does.
      await Promise.all([1, 2, 3].map(start));
      await until("two tasks each", () => apps.every((app) => app.ready && app.tasks.length === 2));
      await delay(1_000);
      assertEquals(apps.map((app) => app.tasks.length), [2, 2, 2, 2]);
      if (numStandbyReplicas > 0) await until("standbys", () => apps.every((app) => app.standbyLag === 0));
      // One goes again: its tasks move to the others, with standbys to where their state is.
      const shrinkAt = performance.now();
      await apps.pop()!.close();
      await until(
        "settled again",
        () => apps.every((app) => app.ready) && apps.flatMap((app) => app.tasks).length === PARTITIONS,
      );
      await delay(1_000);
      stop.abort();
      const sent = await loaded;
      await until("all processed", () => seen.every((records) => records.length >= sent));
      for (const records of seen) assertEquals(records.length, sent, "records of a partition processed");

      const pauses = { kept: 0, moved: 0, taken: 0 };
      let moves = 0;
      for (const records of seen) {
        let movesOfTask = 0;
        for (let i = 1; i < records.length; i++) {
          if (records[i]!.at < from) continue;
          const moved = records[i]!.instance !== records[i - 1]!.instance;
          if (moved && records[i]!.at < shrinkAt) movesOfTask++;
          const kind = !moved ? "kept" : records[i]!.at < shrinkAt ? "moved" : "taken";
          pauses[kind] = Math.max(pauses[kind], records[i]!.at - records[i - 1]!.at);
        }
        assert(movesOfTask <= 1, `a task moved ${movesOfTask} times`);
        moves += movesOfTask;
      }
      // deno-lint-ignore no-console -- what the test is to show
      console.log(JSON.stringify({
        standbys: numStandbyReplicas,
        moves,
        longestPauseOfKeptMs: Math.round(pauses.kept),
        longestPauseOfMovedMs: Math.round(pauses.moved),
        longestPauseOfTakenFromALeaverMs: Math.round(pauses.taken),
        restored: apps.reduce((sum, app) => sum + app.stats.restored, 0),
      }));
      assertEquals(moves, 6, "moves");
    } finally {
      stop.abort();
      for (const app of apps) await app.close();
      await log.deleteTopics([...topics, `${name}-KSTREAM-AGGREGATE-STATE-STORE-0000000003-changelog`]);
      await log.close();
    }
  });
}
