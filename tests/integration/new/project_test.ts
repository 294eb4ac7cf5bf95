/** A new application, as the generator writes it, on a broker: as its task starts it, and as its image does. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { freePort } from "../../../scripts/support/ports.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { newProject } from "../../../src/new/generator.ts";
import { until } from "../../engine/app/app_contract.ts";
import { readRecords, writeRecords } from "../../kafka/port/records.ts";
import { ended } from "../../support/ended.ts";
import { withDirectoryWhile } from "../../support/temporary_directory.ts";
import { brokers, connection, quiet } from "../kafka/broker.ts";

/** The arguments of Deno in a task of the project. */
async function taskOf(folder: string, task: string): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(folder, "deno.json")));
  return tasks[task].split(" ").slice(1);
}

/** The arguments of Deno in the image, for a script that is still in the project's folder. */
async function imageOf(folder: string): Promise<string[]> {
  const dockerfile = await Deno.readTextFile(join(folder, "Dockerfile"));
  const entrypoint = /^ENTRYPOINT (\[[^]*\])$/m.exec(dockerfile)![1]!.replaceAll("\\\n", "");
  return (JSON.parse(entrypoint) as string[]).slice(1).map((arg) =>
    arg === "/app/main.js" ? "dist/main.js" : arg
  );
}

function start(folder: string, args: readonly string[], env: Record<string, string> = {}): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: folder,
    env: { KAFKA_BROKERS: brokers().join(","), NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** What each customer ordered, over all windows: the latest sum of each counts. */
async function totals(
  log: KafkaLog,
  topic: string,
): Promise<Record<string, [orders: number, cents: number]>> {
  const latest = new Map((await readRecords(log, topic)).map(({ key, value }) => [key, JSON.parse(value!)]));
  const sums: Record<string, [number, number]> = {};
  for (const { customer, orders, cents } of latest.values()) {
    const [ordersBefore, centsBefore] = sums[customer] ?? [0, 0];
    sums[customer] = [ordersBefore + orders, centsBefore + cents];
  }
  return sums;
}

/** Runs the application until it has summed what its own sender sent, and lets it end by SIGTERM. */
async function runOnce(folder: string, args: readonly string[], topics: Topics): Promise<void> {
  const { log, input, output, letters } = topics;
  const url = `http://127.0.0.1:${freePort()}`;
  const child = start(folder, args, {
    KOS_METRICS_PORT: new URL(url).port,
    KOS_METRICS_HOST: "127.0.0.1",
    KOS_PARTITIONS: "2",
  });
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  const stderr = new Response(child.stderr).text();
  const text = async (path: string): Promise<string> => await (await fetch(url + path)).text();
  try {
    await until("ready", () =>
      hasEnded || fetch(`${url}/readyz`).then(async (answer) => {
        await answer.body?.cancel();
        return answer.ok;
      }, () => false));
    assertEquals(hasEnded, false, hasEnded ? await stderr : "");
    const before = await totals(log, output);
    const lettersBefore = (await readRecords(log, letters)).length;
    const sent = await ended(start(folder, [...await taskOf(folder, "send"), "6"]));
    assertEquals([sent.code, sent.stdout], [0, `wrote 6 orders to ${input}\n`], sent.stderr);
    await writeRecords(log, input, [{ value: '{"customer":"ann"}' }]);
    const [orders, cents] = before.ann ?? [0, 0];
    await until("ann's orders are summed", async () => (await totals(log, output)).ann?.[0] === orders + 2);
    assertEquals((await totals(log, output)).ann, [orders + 2, cents + 203]);
    await until(
      "what is no order is a dead letter",
      async () => (await readRecords(log, letters)).length > lettersBefore,
    );
    assertMatch(await text("/metrics"), new RegExp(`^kos_consumer_lag_records\\{[^}]*topic="${input}"`, "m"));
    assertStringIncludes(await text("/stores/sums"), '"ann"');
    child.kill("SIGTERM");
    assertEquals((await child.status).code, 0, await stderr);
  } finally {
    if (!hasEnded) child.kill("SIGKILL");
    await child.status;
    await child.stdout.cancel();
  }
}

interface Topics {
  readonly log: KafkaLog;
  readonly input: string;
  readonly output: string;
  readonly letters: string;
}

Deno.test("a new application sums the orders that it is sent, by its task and by its image's entrypoint", async () => {
  const id = crypto.randomUUID();
  const [input, output] = [`orders-${id}`, `sums-${id}`];
  const name = `app-${id}`;
  const log = new KafkaLog(connection(), { clientId: "test", logger: quiet });
  await withDirectoryWhile(async (directory) => {
    const folder = join(directory, name);
    const code = await newProject([folder, "--input", input, "--output", output], { tell: () => {} });
    assertEquals(code, 0);
    const topics = { log, input, output, letters: `${name}-dead-letters` };
    try {
      await runOnce(folder, await taskOf(folder, "start"), topics);
      const built = await ended(start(folder, await taskOf(folder, "build")));
      assertEquals(built.code, 0, built.stderr);
      await runOnce(folder, await imageOf(folder), topics);
    } finally {
      const internal = ["changelog", "repartition"].map((kind) => `${name}-sums-${kind}`);
      await log.deleteTopics([input, output, topics.letters, ...internal]);
      await log.close();
    }
  });
});
