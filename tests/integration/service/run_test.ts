/** A program of twenty lines by `run`, as a process on a broker. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { freePort, freePorts } from "../../../scripts/support/ports.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { until } from "../../engine/app/app_contract.ts";
import { readRecords, writeRecords } from "../../kafka/port/records.ts";
import { brokers, connection, quiet } from "../kafka/broker.ts";
import { ended } from "../../support/ended.ts";

const PROGRAM = new URL("../../service/fixtures/word_count.ts", import.meta.url).pathname;

function start(args: readonly string[], env: Record<string, string> = {}): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=streams", PROGRAM, ...args],
    env: { KAFKA_BROKERS: brokers().join(","), NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function answer(url: string): Promise<[status: number, text: string]> {
  const answer = await fetch(url);
  return [answer.status, await answer.text()];
}

Deno.test("a topology of twenty lines has flags, topics, lag gauges, health, store reads and an end by SIGTERM", async () => {
  const source = `lines-${crypto.randomUUID()}`;
  const log = new KafkaLog(connection(), { clientId: "test", logger: quiet });
  const [port, storesPort] = freePorts(2) as [number, number];
  const url = `http://127.0.0.1:${port}`;
  const ports = { "metrics-port": port, "stores-port": storesPort };
  const flags = { "application-id": `group-${source}`, ...ports, partitions: "2" };
  const child = start(
    [...Object.entries(flags).map(([name, value]) => `--${name}=${value}`), "--shortest", "3"],
    { KOS_SOURCE: source, KOS_METRICS_HOST: "127.0.0.1", KOS_LOG_FORMAT: "json" },
  );
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  const stderr = new Response(child.stderr).text();
  try {
    await until(
      "ready",
      () => hasEnded || answer(`${url}/readyz`).then(([status]) => status === 200, () => false),
    );
    assertEquals(hasEnded, false, hasEnded ? await stderr : "");
    assertEquals((await log.describeTopics([source])).get(source)?.partitions, 2);
    assertEquals((await log.describeTopics([`${source}-counts`])).get(`${source}-counts`)?.partitions, 2);
    await writeRecords(log, source, [{ value: "to be or not to be" }, { value: "not so" }]);
    await until("both are counted", async () => (await readRecords(log, `${source}-counts`)).length === 2);
    // Words that are shorter than its own flag says don't count.
    const counted = await readRecords(log, `${source}-counts`);
    assertEquals(counted.map(({ key }) => key), ["not", "not"]);
    assertEquals(await answer(`${url}/healthz`), [200, '{"status":"ok"}\n']);
    const metrics = async () => (await answer(`${url}/metrics`))[1];
    const gauge = `consumer_lag_${source.replaceAll("-", "_")}`;
    const none = new RegExp(`^${gauge}\\{.*partition="0",.*\\} 0$`, "m");
    await until("nothing is left to process", async () => none.test(await metrics()));
    assertStringIncludes(await metrics(), "kos_streams_records_processed_total ");
    // After ten seconds of arrival; whether the two lines are in them or not.
    await until("its load is known", async () => /^kos_load [\d.e-]+$/m.test(await metrics()));
    assertMatch(await metrics(), /^kos_start_seconds [\d.]+$/m);
    assertMatch(await metrics(), /^kos_partition_load\{topic=".*",partition="1"\} [\d.e-]+$/m);
    const [status, count] = await answer(`http://127.0.0.1:${storesPort}/stores/counts/not`);
    assertEquals([status, JSON.parse(count).value], [200, 2]);
    child.kill("SIGTERM");
    const { code } = await child.status;
    assertEquals(code, 0, await stderr);
    const said = (await stderr).trim().split("\n").map((line) => JSON.parse(line));
    const last = said.map(({ message }) => message).find((message) => message.startsWith("stopped: "));
    assertMatch(last, /^stopped: 4 records processed, all committed in [1-9]\d* commits$/);
    assert(said.every(({ time, level, name, message }) => time && level && message && name === "word-count"));
  } finally {
    if (!hasEnded) child.kill("SIGKILL");
    await child.status;
    await child.stdout.cancel();
    await log.deleteTopics([source, `${source}-counts`]);
    await log.close();
  }
});

Deno.test("its help and its description need no broker, and a wrong value of its own flag ends it with 2", async () => {
  const nowhere = { KAFKA_BROKERS: "localhost:1" };
  const help = await ended(start(["--help"], nowhere));
  assertEquals(help.code, 0, help.stderr);
  assertStringIncludes(help.stdout, "Usage: word-count [options]");
  assertStringIncludes(help.stdout, "KOS_SHORTEST");
  const described = await ended(start(["--describe", "--source", "texts"], nowhere));
  assertEquals(described.code, 0, described.stderr);
  assertMatch(described.stdout, /topics: \[texts\]/);
  const wrong = await ended(start(["--shortest", "few"], nowhere));
  assertEquals([wrong.code, wrong.stdout], [2, ""]);
  assertMatch(wrong.stderr, /^word-count: Cannot use --shortest: received "few"; expected a whole number/);
});

Deno.test("what ends it is said as the other lines of its log are", async () => {
  const args = ["--wait-for-broker", "0s", "--metrics-port", "0"];
  const nowhere = { KAFKA_BROKERS: `localhost:${freePort()}` };
  const text = await ended(start(args, nowhere));
  assertEquals(text.code, 1);
  assertMatch(text.stderr, /\nword-count: Cannot reach Kafka at /);
  const json = await ended(start([...args, "--log-format", "json"], nowhere));
  assertEquals(json.code, 1);
  const { level, message, stack } = JSON.parse(json.stderr.trim().split("\n").at(-1)!);
  assertEquals(level, "error");
  assertMatch(message, /^Cannot reach Kafka at /);
  assertMatch(stack, /^BrokerUnavailable: Cannot reach Kafka at [^]*\n {4}at /);
  for (
    const [more, env] of [[["--log-format=json"], {}], [["--log-format", "json"], {}], [[], {
      KOS_LOG_FORMAT: "json",
    }]] as const
  ) {
    const wrong = await ended(start(["--shortest", "few", ...more], { ...nowhere, ...env }));
    assertEquals(wrong.code, 2);
    assertMatch(JSON.parse(wrong.stderr).message, /^Cannot use --shortest: received "few"/);
  }
});

Deno.test("the program itself asks how a running one is, and sets the application back when that has ended", async () => {
  const source = `lines-${crypto.randomUUID()}`;
  const id = `group-${source}`;
  const log = new KafkaLog(connection(), { clientId: "test", logger: quiet });
  const url = `http://127.0.0.1:${freePort()}`;
  const own = ["--application-id", id, "--source", source, "--metrics-port", new URL(url).port];
  const offsets = () => log.committed(id, [{ topic: source, partition: 0 }]);
  const child = start([...own, "--partitions", "1", "--metrics-host", "127.0.0.1"]);
  const output = ended(child);
  try {
    const probed = await ended(start([...own, "--probe", url]));
    assertEquals([probed.code, probed.stderr], [0, ""], probed.stdout);
    assertStringIncludes(probed.stdout, `ok       kos_consumer_lag_records{topic="${source}"}: `);
    await writeRecords(log, source, [{ value: "to be or not to be" }]);
    await until("it is processed and committed", async () => (await offsets())[0] === 1);
    const shown = await ended(start([...own, "--reset"]));
    assertMatch(shown.stdout, /^Application group-lines-/, "nothing is waited for");
    assertStringIncludes(shown.stderr, "received a group with 1 live member");
    const refused = await ended(start([...own, "--reset", "--execute", "--within", "0s"]));
    assertEquals([shown.code, refused.code], [1, 1]);
    assertMatch(refused.stderr, /^word-count: Cannot reset .*: received a group with 1 live member/);
    const waiting = ended(start([...own, "--reset", "--execute"]));
    child.kill("SIGTERM");
    assertEquals((await output).code, 0);
    const done = await waiting;
    assertEquals(done.code, 0, done.stderr);
    assertStringIncludes(done.stdout, "deleted 2 internal topics");
    assertEquals(await offsets(), [0]);
    const again = await ended(start([...own, "--application-id", `${id}-other`, "--reset", "--execute"]));
    assertEquals([again.code, again.stderr], [0, ""]);
    assertStringIncludes(again.stdout, "offsets to set: none");
  } finally {
    await output;
    await log.deleteTopics([source, `${source}-counts`]);
    await log.close();
  }
});
