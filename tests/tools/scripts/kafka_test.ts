import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { brokerAnswers, dockerArgs } from "../../../scripts/support/broker.ts";
import { brokerSettings, imageEnvironment, propertiesFile } from "../../../scripts/support/broker_config.ts";
import { freePort } from "../../../scripts/support/ports.ts";

const AT = { port: 9092, controllerPort: 29093, bindTo: "0.0.0.0", logDir: "/data" };

/** Runs scripts/kafka.ts with a cache of its own. */
async function kafka(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  const cache = await Deno.makeTempDir({ prefix: "kos-kafka-test-" });
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL("../../../scripts/kafka.ts", import.meta.url).pathname, ...args],
      env: { KOS_CACHE: cache, KAFKA_BROKERS: "", ...env },
    }).output();
    const decoder = new TextDecoder();
    return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

Deno.test("a broker's settings are one node's, without auto-created topics and without waiting", () => {
  const settings = brokerSettings(AT);
  assertEquals(settings["process.roles"], "broker,controller");
  assertEquals(settings["auto.create.topics.enable"], "false");
  assertEquals(settings["group.initial.rebalance.delay.ms"], "0");
  for (const [name, value] of Object.entries(settings)) {
    if (name.endsWith("replication.factor") || name.endsWith("min.isr")) assertEquals(value, "1", name);
  }
  assertEquals(settings["advertised.listeners"], "PLAINTEXT://localhost:9092");
});

Deno.test("settings become a properties file with backslashes escaped", () => {
  assertEquals(propertiesFile({ "log.dirs": "C:\\kos", "node.id": "1" }), "log.dirs=C:\\\\kos\nnode.id=1\n");
});

Deno.test("settings become the image's environment", () => {
  assertEquals(imageEnvironment({ "process.roles": "broker", "log.dirs": "/d" }), {
    KAFKA_PROCESS_ROLES: "broker",
    KAFKA_LOG_DIRS: "/d",
  });
  const args = dockerArgs(AT);
  assertEquals(args.slice(0, 2), ["--publish", "127.0.0.1:9092:9092"]);
  assert(args.includes("KAFKA_AUTO_CREATE_TOPICS_ENABLE=false"));
  assert(args.some((arg) => /^CLUSTER_ID=[\w][\w-]{21}$/.test(arg)));
  assertEquals(args.at(-1), "apache/kafka:4.3.1");
});

Deno.test("a port where nothing listens, or no Kafka does, has no broker", async () => {
  assertEquals(await brokerAnswers(freePort()), false);
  const mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connection = mute.accept();
  assertEquals(await brokerAnswers(mute.addr.port, 100), false);
  (await connection).close();
  mute.close();
});

Deno.test("a wrong flag exits 2 and says what was received and what is allowed", async () => {
  const cases: [string[], Record<string, string>, string][] = [
    [["--port", "x"], {}, 'Cannot use --port: received "x"; expected a whole number from 1 to 65535'],
    [["--port", "65536"], {}, 'received "65536"'],
    [[], { KOS_KAFKA_PORT: "-1" }, 'Cannot use KOS_KAFKA_PORT: received "-1"'],
    [["--bogus"], {}, "Cannot use --bogus: received an unknown flag"],
    [["--stop", "--wipe"], {}, "Cannot use --stop with --wipe: received both"],
    [["now"], {}, 'received "now", which belongs to no flag'],
  ];
  await Promise.all(cases.map(async ([args, env, expected]) => {
    const { code, err } = await kafka(args, env);
    assertStringIncludes(err, expected);
    assertStringIncludes(err, "deno task kafka --help lists all flags");
    assertEquals(code, 2);
  }));
});

Deno.test("with KAFKA_BROKERS set nothing is started", async () => {
  const { code, out } = await kafka(["--port", String(freePort())], { KAFKA_BROKERS: "kafka.example:9092" });
  assertStringIncludes(out, "kafka.example:9092 is used");
  assertEquals(code, 0);
});

Deno.test("a port that another program uses is an error that names it", async () => {
  const other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = other.addr;
  const serving = (async () => {
    for await (const connection of other) connection.close();
  })();
  const { code, err } = await kafka(["--port", String(port)]);
  assertStringIncludes(err, `localhost:${port}`);
  assertStringIncludes(err, "another program");
  assertEquals(code, 1);
  other.close();
  await serving;
});

Deno.test("without Java and Docker the error names the remedies", async () => {
  const empty = await Deno.makeTempDir();
  const { code, err } = await kafka(["--port", String(freePort())], { PATH: empty, JAVA_HOME: "" });
  await Deno.remove(empty);
  assertStringIncludes(err, "Java 17");
  assertStringIncludes(err, "Docker");
  assertStringIncludes(err, "KAFKA_BROKERS");
  assertEquals(code, 1);
});

Deno.test("--status and --stop say when nothing runs", async () => {
  const port = String(freePort());
  const status = await kafka(["--status", "--port", port]);
  assertStringIncludes(status.out, "No Kafka runs");
  assertEquals(status.code, 1);
  assertEquals((await kafka(["--stop", "--port", port])).code, 0);
});
