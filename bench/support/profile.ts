/**
 * Where a process' time goes: V8's sampling profiler over the inspector's protocol, its samples summed by the parts of the program.
 *
 * @module
 */
import { sleep } from "./watch.ts";

/** How often V8 looks where the program is, in µs. */
const INTERVAL_US = 250;

/** The parts of the program, by their files; the first that fits counts. */
const PARTS: readonly (readonly [part: string, files: RegExp])[] = [
  ["record batches", /\/src\/kafka\/wire\/record_batch\//],
  ["serdes", /\/src\/serde\//],
  ["hit codec", /\/src\/(game|streams)\//],
  ["stores", /\/src\/engine\/state\//],
  ["processors and tasks", /\/src\/engine\//],
  ["client: fetch, produce, group", /\/src\/kafka\/|\/kafkajs\//],
  ["metrics", /\/src\/metrics\/|\/prom-client\//],
  ["runtime: sockets, timers, promises", /^(ext|node):|^internal\/|^file:/],
];

/** One node of V8's profile: a function, called in one way. */
interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

/** V8's profile, as `Profiler.stop` gives it. */
export interface Profile {
  readonly nodes: readonly ProfileNode[];
  /** The node that each sample found. */
  readonly samples: readonly number[];
  /** The time before each sample, in µs. */
  readonly timeDeltas: readonly number[];
}

/** The time spent in something, without what it called. */
export interface Share {
  readonly name: string;
  /** Of the time in which the thread was not idle. */
  readonly percent: number;
  /** Of that time, for each record, in ns. */
  readonly nsPerRecord: number;
}

/** A profile's sums, the greatest first. */
export interface Sums {
  readonly parts: readonly Share[];
  /** The functions that take most, by name, file and line. */
  readonly functions: readonly Share[];
}

/** Sums a profile up. @param records How many were processed meanwhile. */
export function sumUp(profile: Profile, records: number): Sums {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const parts = new Map<string, number>();
  const functions = new Map<string, number>();
  let busyUs = 0;
  for (const [i, id] of profile.samples.entries()) {
    const { functionName, url, lineNumber } = byId.get(id)!.callFrame;
    if (functionName === "(idle)") continue;
    const us = Math.max(0, profile.timeDeltas[i]!);
    busyUs += us;
    add(parts, partOf(functionName, url), us);
    const file = url.split("/").slice(-2).join("/");
    add(
      functions,
      file === ""
        ? functionName || "(compiled)"
        : `${functionName || "(anonymous)"} ${file}:${lineNumber + 1}`,
      us,
    );
  }
  const shares = (sums: Map<string, number>): Share[] =>
    [...sums].sort((a, b) => b[1] - a[1]).map(([name, us]) => ({
      name,
      percent: Math.round(us * 1000 / busyUs) / 10,
      nsPerRecord: Math.round(us * 1000 / records),
    }));
  return { parts: shares(parts), functions: shares(functions).slice(0, 25) };
}

function partOf(functionName: string, url: string): string {
  if (functionName === "(garbage collector)") return "garbage collector";
  if (url === "") {
    // Readers and writers of Avro schemas are compiled when the program runs, and so have no file.
    return /^\(.+\)$/.test(functionName) || /^[a-z]\w+$/i.test(functionName) && functionName !== "anonymous"
      ? "system calls and V8 itself"
      : "serdes";
  }
  return PARTS.find(([, files]) => files.test(url))?.[0] ?? "other";
}

function add(sums: Map<string, number>, name: string, us: number): void {
  sums.set(name, (sums.get(name) ?? 0) + us);
}

/** The profiler of a process that was started with `--inspect=127.0.0.1:0` and its output in a file. */
export class Profiler {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  #asked = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const { id, result, error } = JSON.parse(data);
      if (error !== undefined) {
        this.#answers.get(id)?.reject(new Error(`Cannot profile: received ${error.message}`));
      } else this.#answers.get(id)?.resolve(result);
      this.#answers.delete(id);
    };
    socket.onclose = () => {
      for (const each of this.#answers.values()) {
        each.reject(new Error("Cannot profile: the process has ended"));
      }
    };
  }

  /** Connects, once the process has said where. */
  static async connect(logFile: string): Promise<Profiler> {
    let url: string | undefined;
    while (url === undefined) {
      url = /ws:\/\/127\.0\.0\.1:\S+/.exec(await Deno.readTextFile(logFile))?.[0];
      await sleep(20);
    }
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error(`Cannot profile: received no connection from ${url}`));
    });
    return new Profiler(socket);
  }

  async start(): Promise<void> {
    await this.#ask("Profiler.enable");
    await this.#ask("Profiler.setSamplingInterval", { interval: INTERVAL_US });
    await this.#ask("Profiler.start");
  }

  async stop(): Promise<Profile> {
    return (await this.#ask("Profiler.stop")).profile as Profile;
  }

  /** Disconnects; the process would wait for that before it ends. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.addEventListener("close", () => resolve());
    this.#socket.close();
    await promise;
  }

  #ask(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const answer = Promise.withResolvers<Record<string, unknown>>();
    const id = ++this.#asked;
    this.#answers.set(id, answer);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answer.promise;
  }
}
