/**
 * Runs targets, each in a process of its own, and collects what they find.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import type { Finding } from "./finding.ts";
import type { Message, Order } from "./messages.ts";

/** What came of one target. */
export interface Result {
  readonly target: string;
  readonly tried: number;
  /** The time that it had, in ms. */
  readonly ms: number;
  /** Inputs that reached new code. */
  readonly kept: number;
  /** Characters of code that ran. */
  readonly reached: number;
  readonly findings: readonly Finding[];
}

/** Called with each finding when it comes, and with what is known of the target so far. */
export type Report = (result: Result, finding?: Finding) => void;

/** A target that never answers is begun anew so often, each time with other inputs. */
const MOST_BEGINNINGS = 5;
/** The heap of a process, in MB. */
const HEAP_MB = 512;

/** Runs a target until its time is over or enough inputs are tried. */
export async function runTarget(order: Order, report: Report, signal?: AbortSignal): Promise<Result> {
  const began = performance.now();
  const findings: Finding[] = [];
  let result: Result = { target: order.target, tried: 0, ms: 0, kept: 0, reached: 0, findings };
  for (let beginning = 0; beginning < MOST_BEGINNINGS; beginning++) {
    const inputs = order.inputs - result.tried;
    if (beginning > 0 && (Date.now() >= order.until || inputs <= 0)) break;
    const { tried } = result;
    const seed = (order.seed + beginning) % 2 ** 32;
    const ended = await runProcess({ ...order, seed, inputs }, (message) => {
      if (message.type === "end") return;
      const finding = message.type === "finding" ? findingOf(message) : undefined;
      if (finding !== undefined) findings.push(finding);
      const ms = performance.now() - began;
      if (message.type === "progress") {
        result = { ...result, ...progressOf(message), tried: tried + message.tried };
      }
      report(result = { ...result, ms }, finding);
    }, signal);
    if (ended) break;
  }
  return { ...result, ms: performance.now() - began };
}

function progressOf({ kept, reached }: Message & { type: "progress" }): Pick<Result, "kept" | "reached"> {
  return { kept, reached };
}

function findingOf({ type: _, input, ...finding }: Message & { type: "finding" }): Finding {
  return input === undefined ? finding : { ...finding, input: Uint8Array.fromBase64(input) };
}

/** Whether the process did all it was to do: it ends before when an input never comes back. */
async function runProcess(
  order: Order,
  on: (message: Message) => void,
  signal?: AbortSignal,
): Promise<boolean> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      "-P=fuzz",
      `--v8-flags=--expose-gc,--max-old-space-size=${HEAP_MB}`,
      fromFileUrl(new URL("./process.ts", import.meta.url)),
      JSON.stringify(order),
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal,
  }).spawn();
  const complaint = new Response(child.stderr).text();
  let last: Message | undefined;
  for await (const line of lines(child.stdout)) {
    const message = messageIn(line);
    if (message !== undefined) on(last = message);
  }
  const { code } = await child.status;
  signal?.throwIfAborted();
  if (last?.type === "end") return true;
  if (code !== 0 || last?.type !== "finding") {
    const said = (await complaint).trim().split("\n").slice(0, 20).join("\n");
    on({ type: "finding", fault: "end", message: `the process ended with code ${code}`, stack: said });
  }
  return false;
}

/** The message of a line; `undefined` for what a target itself has printed, such as a help text. */
function messageIn(line: string): Message | undefined {
  try {
    return JSON.parse(line) as Message;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function* lines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
}
