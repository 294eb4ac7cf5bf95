/**
 * No secret gets out of a program, whatever becomes of it: all that others can read is searched for each secret,
 * as it is and encoded. Prints the table that docs/security.md tells of. A process's environment is where secrets
 * are, for its user alone, and is not searched.
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { Buffer } from "node:buffer";
import { CHART, filesIn, valuesFile } from "../../../scripts/chart/files.ts";
import { run as runTool, Tools } from "../../../scripts/chart/tools.ts";
import { freePorts } from "../../../scripts/support/ports.ts";
import { say } from "../../../src/cli/write.ts";
import { GroupAdmin } from "../../../src/kafka/client/group_admin.ts";
import { clusterSettings, KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { connectionConfig } from "../../../src/kafka/config.ts";
import { readRecords, writeRecords } from "../../kafka/port/records.ts";
import { answerTo } from "../../support/raw_http.ts";
import { isReady } from "../../support/ready.ts";
import { SecretSearch } from "../../support/secret_search.ts";
import { type Ended, WatchedProcess } from "../../support/watched_process.ts";
import { quiet } from "../kafka/broker.ts";
import { echoOf, Places, type Variables } from "./secret_places.ts";

const GEN = ["-P=gen", "src/datagen/main.ts"];
const STREAMS = ["-P=streams", "src/streams/main.ts", "--metrics-host", "127.0.0.1"];
const SECRETIVE = ["-P=streams", "tests/service/fixtures/secretive.ts", "--metrics-host", "127.0.0.1"];
const ALONE = ["--replication-factor", "1"];

/** What `proc` tells is searched where there is one. */
const linux = Deno.build.os === "linux";

Deno.test("a search finds what is planted in each encoding, cut off, or split at line ends, and nothing else", () => {
  const secret = `0123abcd4567ef+/="&%é89ab0123cdef`;
  const search = new SecretSearch({ secret, other: "fedcba9876543210" });
  const bytes = Buffer.from(secret);
  const planted = {
    "as it is": secret,
    "base64": bytes.toString("base64"),
    "base64 of a URL": bytes.toString("base64url"),
    "base64 behind a user": Buffer.from(`kos:${secret}`).toString("base64"),
    "hex": bytes.toString("hex").toUpperCase(),
    "a URL": encodeURIComponent(secret),
    "a form": new URLSearchParams({ secret }).toString(),
    "JSON": JSON.stringify({ secret }),
    "JSON in JSON": JSON.stringify(JSON.stringify({ secret })),
    "HTML": secret.replaceAll("&", "&amp;").replaceAll('"', "&quot;"),
    "another character set": secret.replace("é", "\ufffd"),
    "cut off": secret.slice(0, 16),
    "split": secret.replace(/.{5}/g, "$&\n"),
    "split in a log": secret.replace(/.{5}/g, "$&\\n"),
    "base64 that is split": bytes.toString("base64").replace(/.{5}/g, "$&\r\n  "),
    "what repeats it": echoOf(secret),
  };
  for (const [how, text] of Object.entries(planted)) {
    for (const content of [`before ${text} after`, Buffer.from(`before ${text} after`)]) {
      const found = new Set(search.found(content).map((leak) => leak.secret));
      assertEquals([...found], ["secret"], how);
    }
  }
  assertEquals(search.found(`0123abcd 89ab0123 ${secret.slice(3, 9)}`), []);
});

Deno.test("kafka only: no secret is in what programs say, serve, store or write, when they succeed, are refused or crash", async () => {
  await using places = await Places.start();
  const search = new SecretSearch(places.secrets);
  const before = coreFiles();
  const log = new KafkaLog(plainConfig(places), { logger: quiet });
  try {
    await using nowhere = new Nowhere(places, search, log);
    await Promise.all([nowhere.demo(), nowhere.refusals()]);
    await nowhere.tasks();
    await nowhere.running();
    await nowhere.crashes();
    await nowhere.stored();
    await nowhere.charts();
    search.look("core files", "names", coreFiles().join("\n") || "none", /./);
    assertEquals(coreFiles(), before);
    // Else they were not in use.
    for (const [way, times] of Object.entries(places.letIn)) assert(times > 0, `nobody came by ${way}`);
  } finally {
    await log.close();
    say(search.table());
  }
  assertEquals(search.leaks, []);
});

function plainConfig(places: Places) {
  return connectionConfig((name) =>
    name === "KAFKA_BROKERS" ? places.broker.address("PLAINTEXT") : undefined
  );
}

/** Where a process that was killed may leave its memory. */
function coreFiles(): string[] {
  return [...Deno.readDirSync(".")].map(({ name }) => name).filter((name) => /^core(\.\d+)?$/.test(name));
}

/** The programs, and where they leave something. */
class Nowhere implements AsyncDisposable {
  readonly #places: Places;
  readonly #search: SecretSearch;
  readonly #log: KafkaLog;
  readonly #folder: string;
  readonly #plaintext: Variables;
  readonly #children: WatchedProcess[] = [];

  constructor(places: Places, search: SecretSearch, log: KafkaLog) {
    this.#places = places;
    this.#search = search;
    this.#log = log;
    this.#folder = places.broker.folder;
    this.#plaintext = { KAFKA_BROKERS: places.broker.address("PLAINTEXT") };
  }

  /** The demo with its processes: what it says and writes. */
  async demo(): Promise<void> {
    const out = join(this.#folder, "demo");
    const args = [
      "--seconds",
      "1",
      "--fixed",
      "1",
      "--per-instance",
      "500",
      "--page-port",
      "0",
      "--out",
      out,
    ];
    const demo = this.#start("demo", ["-P=local", "scripts/demo.ts", ...args], this.#places.mutual);
    await this.#ended(demo, await demo.end(), 0, /all is well/);
    const lines = [...demo.commandLines].filter((line) => line.includes("src/streams/main.ts"));
    if (linux) assert(lines.length > 0, "the command line of no instance was seen");
    for (
      const [file, known] of [["report.html", "all is well"], ["timeline.csv", "lag"], [
        "timeline.svg",
        "<svg",
      ]]
    ) {
      this.#search.look("the demo's files", file!, await Deno.readTextFile(join(out, file!)), known!);
    }
  }

  /** Everybody who says no, and may repeat what it was asked with. */
  async refusals(): Promise<void> {
    const { secrets, plain, mutual, echoing, tls } = this.#places;
    const oauth = (path?: string) => this.#places.oauth(path);
    const gen = [...GEN, "--control-port", "off", "--count", "1", ...ALONE];
    const token = { SCHEMA_REGISTRY_TOKEN: secrets.registryToken };
    const basic = { SCHEMA_REGISTRY_USER: "shop", SCHEMA_REGISTRY_PASSWORD: secrets.registryPassword };
    const registry = (path: string) => ({ ...this.#plaintext, SCHEMA_REGISTRY: this.#places.registry(path) });
    const keys = { API_KEY: "shop", SECRET_KEY: secrets.password };
    const wrong = { ...plain, SECRET_KEY: secrets.wrongPassword };
    const orders = ["-P=example", "examples/orders/main.ts", "--metrics-port", "0"];
    const demo = ["-P=local", "scripts/demo.ts", "--seconds", "1", "--out", join(this.#folder, "none")];
    const pem = await Deno.readTextFile(mutual["KAFKA_KEY"]!);
    const user = `shop:${secrets.registryUrlPassword}@localhost`;
    const cases: [what: string, args: readonly string[], env: Variables, code: number, says: RegExp][] = [
      ["gen, wrong password", gen, wrong, 1, /credentials are refused/],
      ["example, wrong password", orders, wrong, 1, /credentials are refused/],
      ["demo, wrong password", demo, wrong, 1, /credentials are refused/],
      ["gen, a broker that repeats", gen, { ...keys, ...echoing }, 1, /credentials are refused/],
      [
        "reset, a broker that repeats a token",
        ["-P=reset", "scripts/reset.ts"],
        { ...oauth(), ...echoing },
        1,
        /are refused/,
      ],
      ["streams, a token endpoint that repeats", STREAMS, oauth("/refusing"), 1, /HTTP 401 \(invalid_client/],
      ["gen, a token endpoint of garbage", gen, oauth("/garbage"), 1, /without an access_token/],
      [
        "gen, a registry's 401 to a token",
        gen,
        { ...registry("/refusing"), ...token },
        1,
        /received status 401 \(/,
      ],
      [
        "gen, a registry's 401 to a user",
        gen,
        { ...registry("/refusing"), ...basic },
        1,
        /received status 401 \(/,
      ],
      ["gen, a registry of garbage", gen, { ...registry("/garbage"), ...basic }, 1, /Cannot .*schema/],
      [
        "gen, the password of a key",
        gen,
        { ...mutual, KAFKA_KEY_PASSWORD: secrets.wrongPassword },
        2,
        /KAFKA_KEY_PASSWORD is not its password/,
      ],
      ["gen, a key for its file", gen, { ...mutual, KAFKA_KEY: pem }, 2, /Cannot use KAFKA_KEY/],
      [
        "gen, a key for a certificate",
        gen,
        { ...mutual, KAFKA_CERT: mutual["KAFKA_KEY"]! },
        2,
        /but a private key/,
      ],
      [
        "gen, a password for its file",
        gen,
        { ...tls, API_KEY: "shop", SECRET_KEY_FILE: secrets.password },
        2,
        /Cannot use SECRET_KEY_FILE/,
      ],
      [
        "gen, a registry's token for its file",
        gen,
        { ...registry(""), SCHEMA_REGISTRY_TOKEN_FILE: secrets.registryToken },
        2,
        /Cannot use SCHEMA_REGISTRY_TOKEN_FILE/,
      ],
      [
        "streams, a token for its file",
        [...STREAMS, "--stores-port", "0"],
        {
          KOS_STORES_TOKEN_FILE: secrets.storesToken,
        },
        2,
        /--stores-token-file/,
      ],
      ["gen, a user before a broker", gen, { KAFKA_BROKERS: user }, 2, /Cannot use KAFKA_BROKERS/],
      [
        "gen, a user in no address",
        gen,
        { SCHEMA_REGISTRY: `htp://${user}` },
        2,
        /Cannot use SCHEMA_REGISTRY/,
      ],
      [
        "page, a token that is none",
        ["-P=page", "scripts/page.ts", "--instances", "localhost:1"],
        {
          KOS_PAGE_TOKEN: secrets.password,
        },
        2,
        /KOS_PAGE_TOKEN/,
      ],
    ];
    // Three at a time: no more of them run at once on a small machine.
    const left = [...cases];
    const some = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const [what, args, env, code, says] = next;
        const child = this.#start(what, args, env);
        await this.#ended(child, await child.end(), code, says);
      }
    };
    await Promise.all([some(), some(), some()]);
  }

  /** Tasks that write files. */
  async tasks(): Promise<void> {
    const { secrets, mutual } = this.#places;
    const env = {
      API_KEY: "shop",
      SECRET_KEY: secrets.password,
      BOOTSTRAP_SERVERS: "broker.example:9092",
      SCHEMA_REGISTRY_USER: "shop",
      SCHEMA_REGISTRY_PASSWORD: secrets.registryPassword,
      SCHEMA_REGISTRY_TOKEN: secrets.registryToken,
      KAFKA_KEY_PASSWORD: secrets.keyPassword,
    };
    const masks = ["-A", "scripts/secrets.ts", "--dry-run"];
    const files = ["--kafka-cert", mutual["KAFKA_CERT"]!, "--kafka-key", mutual["KAFKA_KEY"]!];
    for (const [way, more] of [["basic", files], ["bearer", ["--security-protocol", "SASL_SSL"]]] as const) {
      const masked = this.#start(`secrets, ${way}`, [...masks, "--registry-auth", way, ...more], env);
      await this.#ended(masked, await masked.end(), 0, /kind: Secret/, "the masked manifest");
    }
    const garbage = this.#places.broker.file("secrets.yaml", `SECRET_KEY: "${secrets.password}\n: {`);
    const wrong = this.#start("secrets, a file of garbage", [...masks, "--from-file", garbage], {});
    await this.#ended(wrong, await wrong.end(), 2, /no YAML/);
    const written = join(this.#folder, "new");
    const made = this.#start("new", ["-A", "src/new/main.ts", written], env);
    await this.#ended(made, await made.end(), 0, /deno task/);
    for (const path of await filesIn(written)) {
      this.#search.look("files of new", path.slice(written.length), await Deno.readFile(path), /\S/);
    }
  }

  /** Each program while it does its work, and what it serves. */
  async running(): Promise<void> {
    const { secrets, plain, registryWithPassword } = this.#places;
    const ports = freePorts(6) as [number, number, number, number, number, number];
    const [genPort, control, streamsPort, appPort, stores, page] = ports;
    const url = (port: number): string => `http://127.0.0.1:${port}`;
    await this.#log.createTopics([{ topic: "texts", partitions: 1 }]);
    const gen = this.#start(
      "gen",
      [...GEN, ...ALONE, "--rate", "50", "--control-port", `${control}`, "--metrics-port", `${genPort}`],
      { ...plain, SCHEMA_REGISTRY: registryWithPassword, KOS_CONTROL_TOKEN: secrets.controlToken },
    );
    const state = join(this.#folder, "state");
    const streams = this.#start("streams", [
      "-P=streams",
      `--allow-write=${state}`,
      ...STREAMS.slice(1),
      ...ALONE,
      ...[
        "--application-id",
        "nowhere",
        "--metrics-port",
        `${streamsPort}`,
        "--store",
        "sqlite",
        "--state-dir",
        state,
      ],
    ], {
      ...this.#places.mutual,
      KOS_LOG_FORMAT: "json",
      SCHEMA_REGISTRY: this.#places.registry(),
      SCHEMA_REGISTRY_TOKEN_FILE: this.#places.broker.file("token", secrets.registryToken),
    });
    const app = this.#start("application", [
      ...SECRETIVE,
      ...ALONE,
      ...["--failure", "throw", "--on-processing-error", "dead-letter", "--metrics-port", `${appPort}`],
      ...["--stores-port", `${stores}`, "--session-timeout", "6s"],
    ], {
      ...this.#places.oauth(),
      KOS_STORES_TOKEN: secrets.storesToken,
    });
    const example = this.#start("example", [
      ...["-P=example", "examples/orders/main.ts", ...ALONE],
      ...["--metrics-port", "0", "--metrics-host", "127.0.0.1"],
    ], {
      ...plain,
      SCHEMA_REGISTRY: this.#places.registry(),
      SCHEMA_REGISTRY_USER: "shop",
      SCHEMA_REGISTRY_PASSWORD: secrets.registryPassword,
    });
    await example.until("running", () => example.said.includes("orders runs on"));
    await this.#ended(example, await example.kill("SIGTERM"), 0, /stopped: 0 records/);
    await gen.until("ready", () => isReady(url(genPort)));
    await streams.until("ready", () => isReady(url(streamsPort)));
    await app.until("ready", () => isReady(url(appPort)));
    const texts = ["fine", "fail", "well"].map((value, i) => ({
      key: `k${i}`,
      value,
      timestamp: Date.now(), // what is older than the topic's retention is gone in a moment
    }));
    await writeRecords(this.#log, "texts", texts);
    await app.until("its output", async () => (await readRecords(this.#log, "texts-out")).length === 2);
    const processed = /^kos_streams_records_processed_total [1-9]/m;
    await streams.until(
      "work",
      async () => processed.test(await (await fetch(`${url(streamsPort)}/metrics`)).text()),
    );
    for (
      const [program, port] of [["gen", genPort], ["streams", streamsPort], ["application", appPort]] as const
    ) {
      await this.#served("/metrics", program, port, { known: /^kos_build_info/m });
      await this.#served("/healthz", program, port, { known: /"status":"ok"/ });
      await this.#served("/readyz", program, port, { known: /"status":"/ });
      await this.#served("error answers", program, port, { path: "/none", known: /40\d/ });
    }
    const told = { authorization: `Bearer ${secrets.storesToken}` };
    await this.#served("/stores", "application", stores, {
      path: "/stores/last/k0",
      known: /FINE/,
      headers: told,
    });
    await this.#served("/page/", "application", appPort, { known: /<script/ });
    const controlled = { authorization: `Bearer ${secrets.controlToken}` };
    await this.#served("/throughput", "gen", control, { known: /"rate"/, headers: controlled });
    for (
      const [program, port, path] of [["gen", control, "/throughput"], [
        "application",
        stores,
        "/stores/last/k0",
      ]] as const
    ) {
      const other = { authorization: `Bearer ${secrets.wrongPassword.replace("é", "")}` };
      await this.#served("error answers", program, port, { path, known: / 401 /, headers: other });
    }
    await this.#page(page, [streamsPort, appPort]);
    await this.#errands(url(genPort), url(appPort));
    await this.#ended(app, await app.kill("SIGTERM"), 0, /stopped: 3 records/);
    await this.#ended(gen, await gen.kill("SIGKILL"), 137, /metrics at/);
    await this.#ended(streams, await streams.kill("SIGABRT"), 134, /"level":"info"/);
    for (const path of await filesIn(state)) {
      const known = path.endsWith(".db") || path.endsWith(".sqlite") ? /SQLite format 3/ : /^/;
      this.#search.look("files of the state", path.slice(state.length), await Deno.readFile(path), known);
    }
    const reset = this.#start(
      "application --reset",
      [...SECRETIVE, "--reset", "--execute"],
      this.#places.oauth(),
    );
    await this.#ended(reset, await reset.end(), 0, /deleted \d+ internal topic/);
    const again = [
      "-P=reset",
      "scripts/reset.ts",
      "--application-id",
      "secretive",
      "--input-topics",
      "texts",
    ];
    const task = this.#start("reset", again, this.#places.plain);
    await this.#ended(task, await task.end(), 0, /^Application secretive/);
  }

  /** The page's own task. */
  async #page(port: number, instances: readonly number[]): Promise<void> {
    const args = ["--instances", instances.map((port) => `127.0.0.1:${port}`).join(","), "--port", `${port}`];
    const page = this.#start("page", ["-P=page", "scripts/page.ts", ...args], {
      KOS_PAGE_TOKEN: this.#places.secrets.pageToken,
    });
    await page.until("serving", () => page.said.includes("the page is at"));
    await this.#served("/page/", "page", port, { path: "/", known: /<script/ });
    await this.#served("/page/", "page", port, { path: "/events", known: /data: .*"instances"/, some: true });
    await this.#served("/scaling", "page", port, { known: /"replicas"/ });
    await this.#served("/metrics", "page", port, { known: /^# HELP/m });
    await this.#served("error answers", "page", port, { path: "/", known: / 401 /, host: "other.example" });
    await this.#ended(page, await page.kill("SIGTERM"), 0, /the page is at/);
  }

  /** What is asked of programs that run. */
  async #errands(gen: string, app: string): Promise<void> {
    const cases: [string, readonly string[], Variables, number, RegExp][] = [
      ["gen --probe", [...GEN, "--probe", gen], this.#places.plain, 0, /^ok /m],
      ["application --probe", [...SECRETIVE, "--probe", app], this.#places.oauth(), 0, /^ok /m],
      [
        "application --reset of a live group",
        [...SECRETIVE, "--reset"],
        this.#places.oauth(),
        1,
        /live member/,
      ],
      [
        "reset",
        ["-P=reset", "scripts/reset.ts", "--application-id", "none"],
        this.#places.plain,
        1,
        /no group/,
      ],
    ];
    await Promise.all(cases.map(async ([what, args, env, code, says]) => {
      const child = this.#start(what, args, env);
      await this.#ended(child, await child.end(), code, says);
    }));
  }

  /** Ends that nobody has asked for, with the secret in scope. */
  async crashes(): Promise<void> {
    const crash = async (
      failure: string,
      json: boolean,
      more: readonly string[],
      code: number[],
      says: RegExp,
    ) => {
      const own = ["--failure", failure, "--metrics-port", "0", "--application-id", `crash-${failure}`];
      const child = this.#start(`application, ${failure}`, [...more, ...SECRETIVE, ...ALONE, ...own], {
        ...this.#places.oauth(),
        ...(json ? { KOS_LOG_FORMAT: "json" } : {}),
      });
      const ended = await child.end();
      assert(code.includes(ended.code), `${failure}: ended with ${ended.code}:\n${ended.stderr}`);
      await this.#ended(child, ended, ended.code, says);
    };
    await Promise.all([
      crash("uncaught", false, [], [1], /TypeError: client.send is not a function\n {4}at /),
      crash("throw", true, [], [1], /"stack":".*client.send is not a function/),
      // By which signal V8 ends is its own affair.
      crash("memory", false, ["--v8-flags=--max-old-space-size=80"], [132, 133, 134, 139], /out of memory/i),
    ]);
  }

  /** All that the broker has been given. */
  async stored(): Promise<void> {
    const admin = new GroupAdmin(clusterSettings(plainConfig(this.#places), { logger: quiet }));
    const topics = await admin.topicNames();
    await admin.close();
    assert(topics.includes("secretive-dead-letters"), topics.join(", "));
    for (const topic of topics) {
      const records = await readRecords(this.#log, topic);
      const text = JSON.stringify(
        records,
        (_key, value) => value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value,
      );
      const [surface, known] = topic === "__consumer_offsets"
        ? ["groups on the broker", /secretive/] as const
        : topic.endsWith("-dead-letters")
        ? ["dead letters", /client.send is not a function/] as const
        : topic.endsWith("-changelog")
        ? ["changelogs", /^\[/] as const
        : ["other topics", /^\[/] as const;
      this.#search.look(surface, topic, text, known);
    }
  }

  /** What helm makes of values, and of a password in an address. */
  async charts(): Promise<void> {
    const helm = await new Tools(say).find("helm");
    if ("missing" in helm) return say(`no rendered chart is searched: ${helm.missing}`);
    const { secrets, registryWithPassword } = this.#places;
    const env = { SECRET_KEY: secrets.password, SCHEMA_REGISTRY_TOKEN: secrets.registryToken };
    for (const feature of ["secret", "oauth", "mtls", "external-registry"]) {
      const args = ["template", "kos", CHART, "--values", valuesFile(feature), "--kube-version", "1.33.0"];
      const { stdout, stderr } = await runTool(helm.command, args, { env });
      this.#search.look("rendered charts", feature, stdout + stderr, /kind: Deployment/);
    }
    const values = this.#places.broker.file(
      "values.yaml",
      `schemaRegistry: {url: "${registryWithPassword}"}\n`,
    );
    const args = [
      "template",
      "kos",
      CHART,
      "--values",
      values,
      "--set",
      "kafka.brokers=kafka.example:9092",
      "--kube-version",
      "1.33.0",
    ];
    const { success, stdout, stderr } = await runTool(helm.command, args);
    assertEquals(success, false, "an address with a password was rendered");
    this.#search.look("rendered charts", "a password in an address", stdout + stderr, /schemaRegistry/);
  }

  #start(name: string, args: readonly string[], env: Variables): WatchedProcess {
    const [permissions, ...rest] = args;
    // What may read all would read less by such a flag.
    const more = ["-A", "-P=local", "-P=secrets"].includes(permissions!)
      ? []
      : [`--allow-read=${this.#folder}`];
    const child = new WatchedProcess(name, [permissions!, ...more, ...rest], env);
    this.#children.push(child);
    return child;
  }

  /** Ends what runs when the test has failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map((child) => child.kill("SIGKILL")));
  }

  /** Searches what a process has said, and how it was called. */
  async #ended(
    child: WatchedProcess,
    end: Ended,
    code: number,
    says: RegExp,
    stdout = "stdout",
  ): Promise<void> {
    const { name } = child;
    assertEquals(end.code, code, `${name}:\n${end.stdout}${end.stderr}`);
    assert(
      says.test(end.stdout + end.stderr),
      `${name} says nothing like ${says}:\n${end.stdout}${end.stderr}`,
    );
    if (end.stdout !== "") this.#search.look(stdout, name, end.stdout, /\S/);
    if (end.stderr !== "") this.#search.look("stderr", name, end.stderr, /\S/);
    if (!linux) return;
    this.#search.look("/proc/<pid>/cmdline", name, [...child.commandLines].join("\n"), /deno/);
  }

  /** Searches an answer, head and all. */
  async #served(
    surface: string,
    program: string,
    port: number,
    { path = surface, known, headers = {}, host = `127.0.0.1:${port}`, some = false }: {
      readonly path?: string;
      readonly known: RegExp;
      readonly headers?: Readonly<Record<string, string>>;
      readonly host?: string;
      /** Whether it is an answer without an end, of which the beginning is enough. */
      readonly some?: boolean;
    },
  ): Promise<void> {
    const lines = Object.entries({ host, connection: "close", ...headers }).map(([k, v]) => `${k}: ${v}\r\n`);
    const request = `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
    const text = await answerTo(port, request, some ? (text) => known.test(text) : undefined);
    this.#search.look(surface, `${program} ${path}`, text, known);
  }
}
