import { assert, assertEquals, assertRejects } from "@std/assert";
import { EncodeBuffer, int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import { JoinWindows, StreamsApp, StreamsBuilder, type StreamsConfig } from "../../../src/engine/mod.ts";
import { StateDirectory } from "../../../src/engine/task/state_directory.ts";
import { StateFileError } from "../../../src/engine/state/bytes/state_file.ts";
import { MemoryLog } from "../../../src/kafka/mod.ts";
import { until } from "./app_contract.ts";

const text = { key: stringSerde(), value: stringSerde() };
const KEYS = 50;
const COUNT_CHANGELOG = "disk-counts-changelog";

/** A log with records of two topics, which are joined and counted a key; every round is joined with itself only. */
class Bench {
  readonly log = new MemoryLog();
  readonly directory = Deno.makeTempDirSync({ prefix: "kos-test-" });
  readonly warnings: string[] = [];
  #rounds = 0;

  async create(): Promise<void> {
    await this.log.createTopics(["left", "right", "out"].map((topic) => ({ topic, partitions: 1 })));
  }

  app(config: Partial<StreamsConfig> = {}): StreamsApp {
    const builder = new StreamsBuilder();
    builder.stream("left", text)
      .join(builder.stream("right", text), (l, r) => l + r, JoinWindows.ofTimeDifferenceWithNoGrace(1_000), {
        ...text,
        otherValue: text.value,
      })
      .groupByKey(text)
      .count({ name: "counts", value: int64Serde() })
      .toStream()
      .to("out", { key: text.key, value: int64Serde() });
    return new StreamsApp(builder.build(), this.log, {
      applicationId: "disk",
      store: "sqlite",
      stateDir: this.directory,
      commitIntervalMs: 10,
      logger: { info() {}, warn: (line) => this.warnings.push(line) },
      ...config,
    });
  }

  async round(): Promise<void> {
    const time = 1_000_000 + this.#rounds++ * 10_000;
    const producer = this.log.producer();
    const buffer = new EncodeBuffer();
    for (const topic of ["left", "right"]) {
      for (let key = 0; key < KEYS; key++) {
        const to = buffer.encode(text.key, `key ${key}`, 0);
        producer.append(topic, 0, time, { bytes: buffer.bytes, from: 0, to }, {
          bytes: buffer.bytes,
          from: 0,
          to,
        });
      }
    }
    await producer.close();
  }

  /** Waits until each key's count is that of the rounds, and the inputs are committed. */
  async done(app: StreamsApp): Promise<void> {
    const partition = { topic: "left", partition: 0 };
    const inputs = [partition, { topic: "right", partition: 0 }];
    const ends = await this.log.offsets(inputs, "latest");
    await until("all committed", async () => {
      if (app.state === "failed") await app.done;
      const committed = await this.log.committed("disk", inputs);
      return committed.every((offset, i) => offset === ends[i]);
    });
    assertEquals(await this.counts(), new Map(this.#expected()));
  }

  #expected(): [string, number][] {
    return Array.from({ length: KEYS }, (_, key) => [`key ${key}`, this.#rounds]);
  }

  /** The last count of each key. */
  async counts(): Promise<Map<string, number>> {
    const out = { topic: "out", partition: 0 };
    const [end] = await this.log.offsets([out], "latest");
    const fetcher = this.log.fetcher();
    fetcher.assign(out, 0);
    const counts = new Map<string, number>();
    for (let position = 0; position < end!;) {
      for (const set of await fetcher.poll(1_000)) {
        position = set.nextOffset;
        for (let i = 0; i < set.count; i++) {
          counts.set(
            text.key.decode(set.bytes, set.keyStart[i]!, set.keyEnd[i]!),
            int64Serde().decode(set.bytes, set.valueStart[i]!, set.valueEnd[i]!),
          );
        }
      }
    }
    await fetcher.close();
    return counts;
  }

  /** Copies the state as it is on disk now: what a process that is killed leaves. */
  killedState(): string {
    const copy = Deno.makeTempDirSync({ dir: this.directory, prefix: "killed-" });
    Deno.mkdirSync(`${copy}/disk`);
    for (const { name } of Deno.readDirSync(`${this.directory}/disk`)) {
      Deno.copyFileSync(`${this.directory}/disk/${name}`, `${copy}/disk/${name}`);
    }
    return copy;
  }

  async close(): Promise<void> {
    await this.log.close();
    Deno.removeSync(this.directory, { recursive: true });
  }
}

function test(name: string, body: (bench: Bench) => Promise<void>): void {
  Deno.test(`state on disk: ${name}`, async () => {
    const bench = new Bench();
    try {
      await bench.create();
      await body(bench);
    } finally {
      await bench.close();
    }
  });
}

/** Runs an application over one more round, and gives how many changelog records it restored. */
async function run(bench: Bench, config: Partial<StreamsConfig> = {}): Promise<number> {
  const app = bench.app(config);
  await app.start();
  await bench.round();
  await bench.done(app);
  await app.close();
  return app.stats.restored;
}

for (const processingGuarantee of ["at_least_once", "exactly_once"] as const) {
  test(`${processingGuarantee}: after a clean close nothing is restored`, async (bench) => {
    for (let i = 0; i < 3; i++) assertEquals(await run(bench, { processingGuarantee }), 0, `run ${i}`);
    assertEquals(bench.warnings, []);
  });

  test(`${processingGuarantee}: the same records come out as with stores in memory`, async (bench) => {
    await run(bench, { processingGuarantee });
    assertEquals(await run(bench, { processingGuarantee, store: "memory" }) > 0, true);
    // What another instance has written meanwhile is restored.
    const restored = await run(bench, { processingGuarantee });
    assert(restored > 0);
  });
}

test("at_least_once: after a kill only the changelogs' tails are restored", async (bench) => {
  await run(bench);
  await run(bench);
  const app = bench.app();
  await app.start();
  await bench.round();
  await bench.done(app);
  const killed = bench.killedState();
  await bench.round();
  await bench.done(app);
  await app.close();
  const restored = await run(bench, { stateDir: killed });
  const all = (await bench.log.offsets([{ topic: COUNT_CHANGELOG, partition: 0 }], "latest"))[0]!;
  assert(restored >= KEYS * 3, `${restored} restored: the round after the kill is missing`);
  assert(restored < all * 2, `${restored} restored of ${all} a changelog`);
});

test("exactly_once: after a kill all is restored, since the file may hold what was aborted", async (bench) => {
  const config = { processingGuarantee: "exactly_once" } as const;
  await run(bench, config);
  const app = bench.app(config);
  await app.start();
  await bench.round();
  await bench.done(app);
  const killed = bench.killedState();
  await app.close();
  const restored = await run(bench, { ...config, stateDir: killed });
  assert(restored >= KEYS * 2 * 3, `${restored} restored`);
  assertEquals(bench.warnings.length, 1);
  assert(bench.warnings[0]!.includes("was not closed cleanly"), bench.warnings[0]);
});

test("a changelog that was made again is restored in full", async (bench) => {
  await run(bench);
  await run(bench);
  await bench.log.deleteTopics([COUNT_CHANGELOG]);
  const app = bench.app();
  await app.start();
  await until("ready", () => app.ready);
  await bench.round();
  await until("counted anew", async () => (await bench.counts()).get(`key ${KEYS - 1}`) === 1);
  await app.close();
  assert(bench.warnings.some((line) => line.includes(`restoring all of ${COUNT_CHANGELOG}-0`)));
});

test("a standby's file spares the restore when its instance is started again", async (bench) => {
  const first = bench.app({ numStandbyReplicas: 1 });
  await first.start();
  await bench.round();
  await bench.done(first);
  const other = `${bench.directory}/other`;
  const second = bench.app({ numStandbyReplicas: 1, stateDir: other });
  await second.start();
  await until("standby current", () => second.standbyTasks.length === 1 && second.standbyLag === 0);
  await second.close();
  await first.close();
  assertEquals(await run(bench, { stateDir: other }), 0);
});

test("an instance that would share the directory is refused, with the remedy", async (bench) => {
  const first = bench.app();
  await first.start();
  const error = await assertRejects(() => bench.app().start(), StateFileError, `${bench.directory}/disk`);
  assert(error.message.includes("give each instance a state directory of its own"), error.message);
  await first.close();
});

test("a damaged file is refused by name", async (bench) => {
  await run(bench);
  Deno.writeTextFileSync(`${bench.directory}/disk/0_0.sqlite`, "not a database at all ".repeat(1_000));
  const app = bench.app();
  const error = await assertRejects(async () => {
    await app.start();
    await app.done;
  });
  assert(String(error).includes("0_0.sqlite: received a damaged file"), String(error));
});

Deno.test("a state directory keeps a task's file for its return, and removes it after the delay", async () => {
  const root = Deno.makeTempDirSync({ prefix: "kos-test-" });
  let nowMs = 0;
  const directory = await StateDirectory.open(root, "app/with: odd name", {
    guarantee: "at_least_once",
    logger: { info() {}, warn() {} },
    now: () => nowMs,
  });
  const open = directory.file("0_0");
  const left = directory.file("0_1");
  left.close(true);
  assertEquals(directory.cleanUp(600), []);
  nowMs = 599;
  assertEquals(directory.cleanUp(600), []);
  nowMs = 600;
  assertEquals(directory.cleanUp(600), ["0_1"]);
  const names = [...Deno.readDirSync(directory.path)].map(({ name }) => name).filter((name) =>
    name.endsWith(".sqlite")
  );
  assertEquals(names, ["0_0.sqlite"]);
  nowMs = 10_000;
  assertEquals(directory.cleanUp(600), []);
  open.close(true);
  directory.close();
  Deno.removeSync(root, { recursive: true });
});

for (const processingGuarantee of ["at_least_once", "exactly_once"] as const) {
  for (const store of ["memory", "sqlite"] as const) {
    test(`${processingGuarantee}, ${store}: with a cache, what is held back is out and committed with its input`, async (bench) => {
      const config = { processingGuarantee, store, cacheMaxBytes: 1_000_000, commitIntervalMs: 20 };
      for (let i = 0; i < 3; i++) await run(bench, config);
    });
  }
}
