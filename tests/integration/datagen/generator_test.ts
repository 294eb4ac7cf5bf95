/** The generator on a real broker, in this process and as the binary that users start. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { avroSerde } from "../../../src/serde/mod.ts";
import { startGenerator } from "../../../src/datagen/generator.ts";
import type { FrameBody, FrameHeader } from "../../../src/game/hit.ts";
import { FRAME_BODY_SCHEMA, FRAME_HEADER_SCHEMA } from "../../../src/game/schemas.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { connectionConfig } from "../../../src/kafka/mod.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

function brokers(): string {
  const text = Deno.env.get("KAFKA_BROKERS");
  if (!text) {
    throw new Error("Cannot run: KAFKA_BROKERS is not set; `deno task test` starts a broker and sets it");
  }
  return text;
}

function connect(): KafkaLog {
  return new KafkaLog(connectionConfig((name) => name === "KAFKA_BROKERS" ? brokers() : undefined));
}

function prefix(): string {
  return `gen-${crypto.randomUUID().slice(0, 8)}-`;
}

const topicsOf = (prefix: string) => [`${prefix}GAME-FRAME-RQ`, `${prefix}GAME-FRAME-RS`] as const;

async function withTopics(run: (log: KafkaLog, prefix: string) => Promise<void>): Promise<void> {
  const log = connect();
  const names = prefix();
  try {
    await run(log, names);
  } finally {
    await log.deleteTopics(topicsOf(names));
    await log.close();
  }
}

const header = avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA);
const body = avroSerde<FrameBody>(FRAME_BODY_SCHEMA);

/** All of a topic: partition, header and hits of each record, and its approval. */
async function read(log: KafkaLog, topic: string): Promise<{ identity: string; approval: boolean | null }[]> {
  const { partitions } = (await log.describeTopics([topic])).get(topic)!;
  const parts = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  const ends = await log.offsets(parts, "latest");
  const left = new Set(parts.filter((_, i) => ends[i]! > 0).map(({ partition }) => partition));
  const fetcher = log.fetcher();
  for (const part of parts) fetcher.assign(part, 0);
  const found: { identity: string; approval: boolean | null }[] = [];
  while (left.size > 0) {
    for (const set of await fetcher.poll(1000)) {
      for (let i = 0; i < set.count; i++) {
        const key = header.decode(set.bytes, set.keyStart[i]!, set.keyEnd[i]!);
        const value = body.decode(set.bytes, set.valueStart[i]!, set.valueEnd[i]!);
        assertEquals(set.timestamps[i], key.ts);
        found.push({
          identity: JSON.stringify([set.partition, key, value.bytes]),
          approval: value.approval,
        });
      }
      if (set.nextOffset >= ends[set.partition]!) left.delete(set.partition);
    }
  }
  await fetcher.close();
  return found;
}

Deno.test("generator on Kafka: what it says it sent is there, each response beside its request", async () => {
  await withTopics(async (log, topicPrefix) => {
    const generator = await startGenerator({
      log,
      serdes: { header, body },
      topicPrefix,
      partitions: 3,
      rate: Infinity,
      count: 5000,
      seed: 11,
    });
    const summary = await generator.done;
    assertEquals([summary.reason, summary.frames, summary.lost], ["count", 5000, 0]);
    const [requests, responses] = [
      await read(log, topicsOf(topicPrefix)[0]),
      await read(log, topicsOf(topicPrefix)[1]),
    ];
    assertEquals([requests.length, responses.length], [5000, summary.answered]);
    assertEquals(summary.sent, 5000 + summary.answered);
    assert(
      requests.every(({ approval }) => approval === false) && responses.every(({ approval }) => approval),
    );
    const open = new Map<string, number>();
    for (const { identity } of requests) open.set(identity, (open.get(identity) ?? 0) + 1);
    for (const { identity } of responses) {
      assert((open.get(identity) ?? 0) > 0, `no request for the response ${identity}`);
      open.set(identity, open.get(identity)! - 1);
    }
  });
});

/** The binary as a task starts it, and its stderr as it comes. */
class Binary {
  readonly child: Deno.ChildProcess;
  readonly stdout: Promise<string>;
  stderr = "";
  readonly #ended: Promise<void>;
  #changed = Promise.withResolvers<void>();

  constructor(args: readonly string[], env: Record<string, string>) {
    this.child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-P=gen", "src/datagen/main.ts", ...args],
      cwd: ROOT,
      env: { KOS_DEBUG: "", SCHEMA_REGISTRY: "", API_KEY: "", SECRET_KEY: "", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.stdout = new Response(this.child.stdout).text();
    this.#ended = this.#listen();
  }

  async #listen(): Promise<void> {
    for await (const text of this.child.stderr.pipeThrough(new TextDecoderStream())) {
      this.stderr += text;
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
    this.#changed.resolve();
  }

  /** The first match in what it said after character `from`. */
  async says(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    let over = false;
    void this.#ended.then(() => over = true);
    for (;;) {
      const match = pattern.exec(this.stderr.slice(from));
      if (match) return match;
      assert(!over, `ended without saying ${pattern}; it said:\n${this.stderr}`);
      await this.#changed.promise;
    }
  }

  async end(): Promise<number> {
    const { code } = await this.child.status;
    await this.#ended;
    return code;
  }
}

Deno.test("gen: PUT /throughput shows in the progress line within 2 s; SIGTERM ends it within 5 s with exit 0", async () => {
  await withTopics(async (_, topicPrefix) => {
    const gen = new Binary(
      ["--rate", "1000", "--topic-prefix", topicPrefix, "--control-port", "0", "--json"],
      {
        KAFKA_BROKERS: brokers(),
      },
    );
    try {
      const url = (await gen.says(/control at (\S+)/))[1]!;
      await gen.says(/rate [\d,.]+\/s of 1,000\/s/);
      const from = gen.stderr.length;
      const asked = performance.now();
      const answer = await fetch(url, { method: "PUT", body: '{"rate":20000}' });
      assertEquals((await answer.json()).rate, 20_000);
      const line = await gen.says(/rate ([\d,]+)\/s of 20,000\/s {2}errors 0/, from);
      assert(performance.now() - asked < 2000, `it took ${performance.now() - asked} ms`);
      assert(Number(line[1]!.replaceAll(",", "")) > 1500, `the rate did not change: ${line[0]}`);
      const wrong = await fetch(url, { method: "PUT", body: "fast" });
      assertEquals(wrong.status, 400);
      assertStringIncludes(await wrong.text(), "received fast");
    } finally {
      gen.child.kill("SIGTERM");
    }
    const stopped = performance.now();
    assertEquals(await gen.end(), 0, gen.stderr);
    assert(performance.now() - stopped < 5000);
    const summary = JSON.parse(await gen.stdout);
    assertEquals([summary.reason, summary.lost], ["stopped", 0]);
    assert(summary.sent > 1000, JSON.stringify(summary));
  });
});

Deno.test("gen: where there is no broker it says what it tried and what to do, and exits 1", async () => {
  const gen = new Binary(["--control-port", "off", "--wait-for-broker", "0s"], {
    KAFKA_BROKERS: "localhost:1",
  });
  assertEquals(await gen.end(), 1);
  assertMatch(gen.stderr, /gen: .*localhost:1.*deno task kafka/);
  await gen.stdout;
});

Deno.test("gen: a wrong flag or variable exits 2 before anything is connected to", async () => {
  const flag = new Binary(["--rate", "fast"], { KAFKA_BROKERS: "localhost:1" });
  assertEquals(await flag.end(), 2);
  assertStringIncludes(flag.stderr, 'received "fast"');
  await flag.stdout;
  const variable = new Binary(["--control-port", "off"], { KAFKA_BROKERS: "localhost:1", KOS_COUNT: "few" });
  assertEquals(await variable.end(), 2);
  assertStringIncludes(variable.stderr, 'Cannot use KOS_COUNT: received "few"');
  await variable.stdout;
  const open = new Binary(["--control-host", "0.0.0.0", "--control-port", "0"], {
    KAFKA_BROKERS: "localhost:1",
  });
  assertEquals(await open.end(), 2);
  assertMatch(open.stderr, /^gen: Cannot .*--control-token-file/m);
  await open.stdout;
});
