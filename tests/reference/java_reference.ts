/**
 * Kafka Streams itself: builds the Java side once and runs it as a child process.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import { KAFKA_VERSION } from "../../scripts/support/broker_config.ts";
import { cacheDir, exists, fillOnce } from "../../scripts/support/cache.ts";
import { commandWorks, findJava, tryRun } from "../../scripts/support/commands.ts";
import { ScriptError } from "../../scripts/support/errors.ts";
import { mavenFiles, mavenWorks } from "../../scripts/support/maven.ts";
import { type Case, caseLines, type Outcome } from "./case.ts";

const SOURCES = join(import.meta.dirname!, "java");
const JARS = join(cacheDir(), `kafka-streams-${KAFKA_VERSION}`);
/** The oldest Java that runs it. */
const OLDEST_JAVA = 17;

/** Settings of {@linkcode startReference}. */
export interface ReferenceOptions {
  /** Told of the progress, a line at a time. */
  readonly report?: (line: string) => void;
}

/** Why the reference can't run on this machine; `undefined` when it can. */
export async function referenceUnavailable(): Promise<string | undefined> {
  const java = await findJava();
  if ((java?.version ?? 0) < OLDEST_JAVA) return `Java ${OLDEST_JAVA} or newer is not there`;
  if (!(await commandWorks(javacOf(java!.command), ["-version"]))) {
    return "javac is not there (a JDK has it, a runtime has not)";
  }
  if (!(await exists(JARS)) && !(await mavenWorks())) return "mvn is not there";
  return undefined;
}

/**
 * Starts Kafka Streams, fetched and compiled before when it was not yet.
 *
 * @throws {ScriptError} Without a JDK or Maven, or when the Java side does not compile.
 */
export async function startReference(options: ReferenceOptions = {}): Promise<JavaReference> {
  const missing = await referenceUnavailable();
  if (missing !== undefined) {
    throw new ScriptError(
      `Cannot run Kafka Streams: ${missing}; install a JDK of Java ${OLDEST_JAVA} or newer, and Maven`,
    );
  }
  const { command } = (await findJava())!;
  const jars = await mavenFiles({
    what: `Kafka Streams ${KAFKA_VERSION} (100 MB)`,
    artifacts: [
      `org.apache.kafka:kafka-streams:${KAFKA_VERSION}`,
      `org.apache.kafka:kafka-streams-test-utils:${KAFKA_VERSION}`,
    ],
    into: JARS,
    report: options.report ?? (() => {}),
  });
  const classes = await compile(javacOf(command), jars);
  const state = await Deno.makeTempDir({ prefix: "kos-reference-" });
  // Two cores or fewer are common where this runs: the first compiler and the serial collector leave most of them alone.
  const args = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
  args.push(
    `-Dreference.state=${state}`,
    "-cp",
    `${classes}${Deno.build.os === "windows" ? ";" : ":"}${join(jars, "*")}`,
    "Reference",
  );
  return new JavaReference(
    new Deno.Command(command, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn(),
    state,
  );
}

/** The compiler that stands beside a `java` command. */
function javacOf(java: string): string {
  return java.includes("/") || java.includes("\\") ? join(dirname(java), "javac") : "javac";
}

/** Compiles the Java side once for its sources, which the folder's name tells. */
async function compile(javac: string, jars: string): Promise<string> {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(SOURCES)) if (name.endsWith(".java")) files.push(name);
  files.sort();
  const texts = await Promise.all(files.map((name) => Deno.readTextFile(join(SOURCES, name))));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(texts.join("\0")));
  const hash = new Uint8Array(digest).toHex().slice(0, 12);
  return await fillOnce(join(cacheDir(), `reference-${KAFKA_VERSION}-${hash}`), async (dir) => {
    const paths = files.map((name) => join(SOURCES, name));
    const output = await tryRun(
      javac,
      ["-d", dir, "-Xlint:all,-processing", "-Werror", "-cp", join(jars, "*"), ...paths],
      120_000,
    );
    if (!output?.success) {
      throw new ScriptError(
        `Cannot compile ${SOURCES}: received "${output?.text.trim() ?? "no such command: javac"}"`,
      );
    }
  });
}

/** Kafka Streams as a process that takes cases; several can be asked at once, they are answered in order. */
export class JavaReference {
  readonly #child: Deno.ChildProcess;
  readonly #state: string;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting: {
    readonly resolve: (lines: string[]) => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  readonly #reading: Promise<void>;
  readonly #errors: Promise<string>;

  /** Made by {@linkcode startReference}. */
  constructor(child: Deno.ChildProcess, state: string) {
    this.#child = child;
    this.#state = state;
    this.#writer = child.stdin.getWriter();
    this.#errors = new Response(child.stderr).text();
    this.#reading = this.#read();
  }

  /** The names of the topologies that the Java side has. */
  async names(): Promise<string[]> {
    return texts(await this.#ask(["list"]));
  }

  /** What Kafka Streams prints as a topology's description, with each node's arrows joined to its line. */
  async describe(topology: string): Promise<string> {
    return texts(await this.#ask([`describe\t${topology}`])).join("\n").replaceAll(/\n +(?=-->|<--)/g, " ")
      .trimEnd();
  }

  /** Runs a case. */
  async run(each: Case): Promise<Outcome> {
    const outcome: string[][] = each.events.map(() => []);
    for (const line of await this.#ask(caseLines(each))) {
      const [kind, event, ...rest] = line.split("\t");
      // What goes wrong before the first event is told at it.
      outcome[Math.max(0, Number(event))]!.push([kind, ...rest].join("\t"));
    }
    return outcome;
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    await this.#writer.close();
    await this.#reading;
    await this.#errors;
    await this.#child.status;
    await Deno.remove(this.#state, { recursive: true });
  }

  #ask(lines: readonly string[]): Promise<string[]> {
    const answer = new Promise<string[]>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#writer.write(new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""))).catch((error) => {
      // The process has ended; the reader says why.
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    });
    return answer;
  }

  async #read(): Promise<void> {
    let pending = "";
    let lines: string[] = [];
    for await (const chunk of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (pending + chunk).split("\n");
      pending = parts.pop()!;
      for (const line of parts) {
        if (line === "end") {
          this.#waiting.shift()!.resolve(lines);
          lines = [];
        } else lines.push(line);
      }
    }
    if (this.#waiting.length === 0) return;
    const errors = (await this.#errors).trim();
    for (const { reject } of this.#waiting) {
      reject(new Error(`Cannot ask Kafka Streams: its process ended and said "${errors}"`));
    }
  }
}

function texts(lines: readonly string[]): string[] {
  return lines.map((line) => line.slice("text\t".length));
}
