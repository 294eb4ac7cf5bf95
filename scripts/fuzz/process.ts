/**
 * The process of one target: watches the thread that tries the inputs, and tells on standard output what comes
 * of them, a line of JSON each.
 *
 * @module
 */
import process from "node:process";
import { say } from "../../src/cli/write.ts";
import { CurrentInput } from "./current_input.ts";
import type { Message, Order, Start } from "./messages.ts";

/** How often it looks, in ms. */
const LOOK_EVERY_MS = 25;
/** An input may take so much CPU time of the process, in microseconds. */
const ALLOWED_CPU = 2_000_000;
/** An input that waits for something may do so for this number of looks, half a minute. */
const ALLOWED_LOOKS = 1_200;
/** The memory that the process may take beside what it has when the first input comes, in bytes. */
const ALLOWED_MEMORY = 400 * 2 ** 20;

function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function tell(message: Message): void {
  say(JSON.stringify(message));
}

/** Resolves with what is wrong with the input that the worker is at, as soon as something is. */
class Watch {
  readonly #current: CurrentInput;
  #number = 0;
  #looks = 0;
  #cpuBefore = 0;
  #memoryBefore: number | undefined;

  constructor(current: CurrentInput) {
    this.#current = current;
  }

  /** What is wrong now. */
  look(): Message | undefined {
    const { number } = this.#current;
    if (number === 0) return undefined;
    const memory = process.memoryUsage().rss;
    this.#memoryBefore ??= memory;
    if (number !== this.#number) {
      this.#number = number;
      this.#looks = 0;
      this.#cpuBefore = cpuTime();
    }
    this.#looks++;
    const grown = memory - this.#memoryBefore;
    if (grown > ALLOWED_MEMORY) {
      return this.#found("memory", `the process took ${Math.round(grown / 2 ** 20)} MB more`);
    }
    const cpu = cpuTime() - this.#cpuBefore;
    if (cpu > ALLOWED_CPU) {
      return this.#found("time", `no answer after ${(cpu / 1e6).toFixed(1)} s of CPU time`);
    }
    if (this.#looks > ALLOWED_LOOKS) {
      return this.#found("time", `no answer after ${ALLOWED_LOOKS * LOOK_EVERY_MS / 1000} s`);
    }
    return undefined;
  }

  #found(fault: "memory" | "time", message: string): Message {
    return { type: "finding", fault, message, input: this.#current.bytes.toBase64() };
  }
}

/** Ends the process at once: a worker that is told to end goes on until it next looks whether it has to. */
function end(last: Message): never {
  tell(last);
  return process.exit(0);
}

function watchWorker(order: Order): void {
  const current = new CurrentInput();
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const watch = new Watch(current);
  setInterval(() => {
    const found = watch.look();
    if (found !== undefined) end(found);
  }, LOOK_EVERY_MS);
  worker.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.type === "end") end(data);
    else tell(data);
  };
  worker.postMessage({ order, memory: current.memory } satisfies Start);
}

if (import.meta.main) watchWorker(JSON.parse(Deno.args[0]!) as Order);
