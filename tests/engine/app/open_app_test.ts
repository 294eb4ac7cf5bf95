/** An application that does not come to run frees all that it has opened. */
import { assertEquals, assertRejects } from "@std/assert";
import { stringSerde } from "../../../src/serde/mod.ts";
import { StreamsApp, StreamsBuilder, type StreamsConfig } from "../../../src/engine/mod.ts";
import { StateDirectory } from "../../../src/engine/task/state_directory.ts";
import type { Fetcher, FetcherOptions } from "../../../src/kafka/port/fetcher.ts";
import type { GroupMember, GroupOptions } from "../../../src/kafka/port/group.ts";
import type { Producer, ProducerOptions } from "../../../src/kafka/port/producer.ts";
import type { TopicDescription, TopicSpec } from "../../../src/kafka/port/topics.ts";
import { MemoryLog } from "../../../src/kafka/memory/memory_log.ts";

type Step = "dead letters" | "producer" | "fetcher" | "group";

/** A log that notes what is open, and fails where a test says so. */
class WatchedLog extends MemoryLog {
  readonly open: string[] = [];
  failing: Step | undefined;
  /** Topics are described when it resolves. */
  gate: Promise<void> = Promise.resolve();

  override async createTopics(topics: readonly TopicSpec[]): Promise<void> {
    if (topics.some(({ topic }) => topic === "dead")) this.#mayFail("dead letters");
    await super.createTopics(topics);
  }

  override async describeTopics(topics: readonly string[]): Promise<Map<string, TopicDescription>> {
    await this.gate;
    return await super.describeTopics(topics);
  }

  override producer(options?: ProducerOptions): Producer {
    this.#mayFail("producer");
    const producer = super.producer(options);
    const close = producer.close.bind(producer);
    this.open.push("producer");
    producer.close = (how) => this.#closed("producer", () => close(how));
    return producer;
  }

  override fetcher(options?: FetcherOptions): Fetcher {
    this.#mayFail("fetcher");
    const fetcher = super.fetcher(options);
    const close = fetcher.close.bind(fetcher);
    this.open.push("fetcher");
    fetcher.close = () => this.#closed("fetcher", close);
    return fetcher;
  }

  override group(options: GroupOptions): GroupMember {
    this.#mayFail("group");
    const member = super.group(options);
    const leave = member.leave.bind(member);
    this.open.push("group");
    member.leave = () => this.#closed("group", leave);
    return member;
  }

  #mayFail(step: Step): void {
    if (this.failing === step) throw new Error(`no ${step} today`);
  }

  async #closed(what: string, close: () => Promise<void>): Promise<void> {
    await close();
    this.open.splice(this.open.indexOf(what), 1);
  }
}

/** Calls `body` with an application with stores on disk, and a way to see whether its directory is free. */
async function withApp(
  config: Partial<StreamsConfig>,
  body: (app: StreamsApp, log: WatchedLog, directory: () => Promise<StateDirectory>) => Promise<void>,
): Promise<void> {
  const log = new WatchedLog();
  await log.createTopics([{ topic: "in", partitions: 2 }]);
  const text = { key: stringSerde(), value: stringSerde() };
  const builder = new StreamsBuilder();
  builder.stream("in", text).groupByKey(text).reduce((a, b) => a + b, { name: "sums", value: text.value });
  const stateDir = await Deno.makeTempDir({ prefix: "kos-test-" });
  const warnings: string[] = [];
  const logger = { info() {}, warn: (line: string) => void warnings.push(line) };
  const app = new StreamsApp(builder.build(), log, {
    applicationId: "opened",
    store: "sqlite",
    stateDir,
    deadLetterTopics: ["dead"],
    logger,
    ...config,
  });
  try {
    await body(
      app,
      log,
      () => StateDirectory.open(stateDir, "opened", { guarantee: "at_least_once", logger, now: Date.now }),
    );
    assertEquals([log.open, warnings], [[], []]);
  } finally {
    await log.close();
    await Deno.remove(stateDir, { recursive: true });
  }
}

for (const failing of ["dead letters", "producer", "fetcher", "group"] as const) {
  Deno.test(`an application that opens no ${failing} frees what it had opened before`, async () => {
    await withApp({}, async (app, log, directory) => {
      log.failing = failing;
      await assertRejects(() => app.start(), Error, `no ${failing} today`);
      assertEquals([app.state, log.open], ["failed", []]);
      (await directory()).close();
      await assertRejects(() => app.done, Error, `no ${failing} today`);
      // It has failed already.
      await app.close();
    });
  });
}

Deno.test("an application that is closed while it opens ends at once, and frees what it opens after that", async () => {
  await withApp({}, async (app, log, directory) => {
    const asked = Promise.withResolvers<void>();
    log.gate = asked.promise;
    const started = app.start();
    await app.close();
    assertEquals([app.state, app.ready, app.tasks], ["closed", false, []]);
    await app.done;
    asked.resolve();
    await started;
    assertEquals([log.open, log.memberIds("opened")], [[], []]);
    (await directory()).close();
  });
});

Deno.test("an application that is closed while it opens does not tell that it could not open", async () => {
  await withApp({}, async (app, log) => {
    log.failing = "group";
    const asked = Promise.withResolvers<void>();
    log.gate = asked.promise;
    const started = app.start();
    await app.close();
    asked.resolve();
    await started;
    assertEquals(app.state, "closed");
  });
});

Deno.test("an application that ran frees what it had opened", async () => {
  await withApp({}, async (app, log, directory) => {
    await app.start();
    assertEquals([...new Set(log.open)].sort(), ["fetcher", "group", "producer"]);
    await assertRejects(directory, Error, "another instance");
    await app.close();
    (await directory()).close();
  });
});
