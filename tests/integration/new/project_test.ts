/** A new application, as the generator writes it, on a broker: as its task starts it, and as its image does. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { makePackage } from "../../../scripts/pack.ts";
import { freePorts } from "../../../scripts/support/ports.ts";
import { VERSION } from "../../../src/cli/version.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { newProject } from "../../../src/new/generator.ts";
import { until } from "../../engine/app/app_contract.ts";
import { readRecords } from "../../kafka/port/records.ts";
import { ended } from "../../support/ended.ts";
import { findNode, npm } from "../../support/node.ts";
import { isReady } from "../../support/ready.ts";
import { withDirectoryWhile } from "../../support/temporary_directory.ts";
import { brokers, connection, quiet } from "../kafka/broker.ts";

/** A command of a project, with its arguments. */
type Command = readonly [command: string, ...args: string[]];

/** A task of the project for Deno. */
async function taskOf(folder: string, task: string): Promise<Command> {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(folder, "deno.json")));
  return [Deno.execPath(), ...tasks[task].split(" ").slice(1)];
}

/** A script of the project for Node, which is a command of Node itself. */
async function scriptOf(folder: string, script: string): Promise<Command> {
  const { scripts } = JSON.parse(await Deno.readTextFile(join(folder, "package.json")));
  return [await findNode(), ...scripts[script].split(" ").slice(1)];
}

/** What the image runs, for a script that is still in the project's folder. */
async function imageOf(folder: string): Promise<Command> {
  const dockerfile = await Deno.readTextFile(join(folder, "Dockerfile"));
  const entrypoint = /^ENTRYPOINT (\[[^]*\])$/m.exec(dockerfile)![1]!.replaceAll("\\\n", "");
  const args = (JSON.parse(entrypoint) as string[]).slice(1);
  return [Deno.execPath(), ...args.map((arg) => arg === "/app/main.js" ? "dist/main.js" : arg)];
}

function start(folder: string, command: Command, env: Record<string, string> = {}): Deno.ChildProcess {
  const [path, ...args] = command;
  return new Deno.Command(path, {
    args,
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

/** Waits until what shows records has shown a text, and ends it. */
async function shows(child: Deno.ChildProcess, text: string): Promise<void> {
  const stderr = new Response(child.stderr).text();
  let shown = "";
  try {
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      shown += part;
      if (shown.includes(text)) return;
    }
    assertStringIncludes(shown, text, await stderr);
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
}

/** Runs the application until it has summed what its own sender sent, and lets it end by SIGTERM. */
async function runOnce(
  folder: string,
  commands: { readonly start: Command; readonly send: Command; readonly show: Command },
  { log, input, output, letters }: Topics,
): Promise<void> {
  const [port, storesPort] = freePorts(2) as [number, number];
  const url = `http://127.0.0.1:${port}`;
  const child = start(folder, commands.start, {
    KOS_METRICS_PORT: new URL(url).port,
    KOS_METRICS_HOST: "127.0.0.1",
    KOS_STORES_PORT: String(storesPort),
    KOS_PARTITIONS: "2",
  });
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  const stderr = new Response(child.stderr).text();
  const text = async (path: string): Promise<string> => await (await fetch(url + path)).text();
  try {
    await until("ready", () => hasEnded || isReady(url));
    assertEquals(hasEnded, false, hasEnded ? await stderr : "");
    const before = await totals(log, output);
    const lettersBefore = (await readRecords(log, letters)).length;
    const sent = await ended(start(folder, [...commands.send, "6"]));
    assertEquals([sent.code, sent.stdout], [0, `wrote 6 records to ${input}\n`], sent.stderr);
    const nonsense = await ended(start(folder, [...commands.send, '{"customer":"ann"}']));
    assertEquals(nonsense.code, 0, nonsense.stderr);
    const [orders, cents] = before.ann ?? [0, 0];
    await until("ann's orders are summed", async () => (await totals(log, output)).ann?.[0] === orders + 2);
    assertEquals((await totals(log, output)).ann, [orders + 2, cents + 203]);
    await until(
      "what is no order is a dead letter",
      async () => (await readRecords(log, letters)).length > lettersBefore,
    );
    await shows(start(folder, commands.show), '{"customer":"ann","from":"');
    await shows(
      start(folder, [...commands.show, letters]),
      '{"customer":"ann"}  Cannot decode JSON: received {"customer":"ann"}; an order needs cents',
    );
    assertMatch(await text("/metrics"), new RegExp(`^kos_consumer_lag_records\\{[^}]*topic="${input}"`, "m"));
    const stores = await fetch(`http://127.0.0.1:${storesPort}/stores/sums`);
    assertStringIncludes(await stores.text(), '"ann"');
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

/** Calls `body` with the folder of a new application and its topics, which are deleted afterwards. */
async function withProject(
  flags: (directory: string) => Promise<readonly string[]>,
  body: (folder: string, topics: Topics) => Promise<void>,
): Promise<void> {
  const id = crypto.randomUUID();
  const name = `app-${id}`;
  const [input, output, letters] = [`orders-${id}`, `sums-${id}`, `${name}-dead-letters`];
  const log = new KafkaLog(connection(), { clientId: "test", logger: quiet });
  await withDirectoryWhile(async (directory) => {
    const folder = join(directory, name);
    const args = [folder, "--input", input, "--output", output, ...await flags(directory)];
    assertEquals(await newProject(args, { tell: () => {} }), 0);
    try {
      await body(folder, { log, input, output, letters });
    } finally {
      const internal = ["changelog", "repartition"].map((kind) => `${name}-sums-${kind}`);
      await log.deleteTopics([input, output, letters, ...internal]);
      await log.close();
    }
  });
}

Deno.test("a new application sums the orders that it is sent, by its task and by its image's entrypoint", async () => {
  await withProject(() => Promise.resolve([]), async (folder, topics) => {
    const trial = { send: await taskOf(folder, "send"), show: await taskOf(folder, "show") };
    await runOnce(folder, { start: await taskOf(folder, "start"), ...trial }, topics);
    const built = await ended(start(folder, await taskOf(folder, "build")));
    assertEquals(built.code, 0, built.stderr);
    await runOnce(folder, { start: await imageOf(folder), ...trial }, topics);
  });
});

/** The package's own command writes an application for Node, which takes kos from npm. */
async function writesAnother(folder: string): Promise<void> {
  const command: Command = [await findNode(), "node_modules/.bin/kos-new", "another"];
  const { code, stderr } = await ended(start(folder, command));
  assertEquals([code, stderr], [0, ""]);
  const { dependencies } = JSON.parse(await Deno.readTextFile(join(folder, "another/package.json")));
  assertEquals(dependencies, { "@kos/kos": `^${VERSION}` });
}

Deno.test("a new application for Node is typed, passes its test and sums orders, with kos from a packed file", async () => {
  const pack = async (directory: string): Promise<readonly string[]> => {
    const { archive } = await makePackage(join(directory, "dist"));
    return ["--runtime", "node", "--from", archive];
  };
  await withProject(pack, async (folder, topics) => {
    await npm(folder, ["install"]);
    const checks: Command[] = [
      [await findNode(), "node_modules/typescript/bin/tsc"],
      await scriptOf(folder, "test"),
    ];
    for (const command of checks) {
      const { code, stdout, stderr } = await ended(start(folder, command));
      assertEquals(code, 0, `${command}: ${stdout}${stderr}`);
    }
    await writesAnother(folder);
    const trial = { send: await scriptOf(folder, "send"), show: await scriptOf(folder, "show") };
    await runOnce(folder, { start: await scriptOf(folder, "start"), ...trial }, topics);
  });
});
