/**
 * Tries inputs of one target in a thread of its own, which can be ended when an input never comes back.
 *
 * @module
 */
/// <reference lib="webworker" />
import process from "node:process";
import { Random } from "../../src/game/random.ts";
import { Coverage } from "./coverage.ts";
import { CurrentInput } from "./current_input.ts";
import { BATCH, Fuzzer } from "./engine.ts";
import { type Finding, Thrown } from "./finding.ts";
import type { Message, Order, Start } from "./messages.ts";
import type { FuzzTarget } from "./target.ts";
import { TARGETS } from "./targets/mod.ts";

/** Time between two messages, in ms. */
const TELL_EVERY_MS = 500;
/** The heap that a target may have more after its last inputs than after its first ones, in bytes. */
const ALLOWED_GROWTH = 32 * 2 ** 20;
/** After so many inputs caches are full, and growth is a leak. */
const WARM_INPUTS = 2_000;

function tell(message: Message): void {
  self.postMessage(message);
}

function tellOf({ input, ...finding }: Finding): void {
  tell({ type: "finding", ...finding, ...(input === undefined ? {} : { input: input.toBase64() }) });
}

/** What the thread holds after all garbage is gone, in bytes. */
function heap(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function fuzz(
  target: FuzzTarget,
  order: Order,
  current: CurrentInput,
  coverage: Coverage,
): Promise<void> {
  const before = (input: Uint8Array): void => current.set(input);
  const fuzzer = new Fuzzer(target, { random: Random.ofSeed(order.seed), coverage, before });
  listenForLostErrors(current);
  const goesOn = (): boolean => Date.now() < order.until;
  let told = 0;
  let nextTell = 0;
  let warmHeap: number | undefined;
  const report = (): void => {
    for (const finding of fuzzer.findings.slice(told)) tellOf(finding);
    told = fuzzer.findings.length;
    tell({ type: "progress", tried: fuzzer.tried, kept: fuzzer.kept, reached: coverage.characters });
    nextTell = performance.now() + TELL_EVERY_MS;
  };
  await fuzzer.begin();
  do {
    await fuzzer.batch(BATCH, goesOn);
    if (performance.now() > nextTell) report();
    if (warmHeap === undefined && fuzzer.tried > WARM_INPUTS) warmHeap = heap();
  } while (goesOn() && fuzzer.tried < order.inputs);
  report();
  const grown = heap() - (warmHeap ?? Infinity);
  if (grown > ALLOWED_GROWTH) {
    const message = `${
      Math.round(grown / 2 ** 20)
    } MB more heap after ${fuzzer.tried} inputs than after ${WARM_INPUTS}`;
    tellOf({ fault: "growth", message });
  }
}

/** An error that nobody awaits is none of an answer's: it is told with the input that ran when it came up. */
function listenForLostErrors(current: CurrentInput): void {
  self.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    const { message, stack } = new Thrown(event.reason);
    tellOf({ fault: "error", message: `not awaited: ${message}`, stack, input: current.bytes });
  });
}

async function tryOne(target: FuzzTarget, input: Uint8Array, current: CurrentInput): Promise<void> {
  const fuzzer = new Fuzzer(target, { random: Random.ofSeed(0), before: (input) => current.set(input) });
  listenForLostErrors(current);
  await fuzzer.try(input);
  for (const finding of fuzzer.findings) tellOf(finding);
}

async function run({ order, memory }: Start): Promise<void> {
  const current = new CurrentInput(memory);
  const coverage = await Coverage.start((url) => url.includes("/src/") && !url.includes("/node_modules/"));
  const targets: typeof TARGETS = order.targets === undefined
    ? TARGETS
    : (await import(order.targets)).TARGETS;
  const target = await targets[order.target]!();
  try {
    if (order.input === undefined) await fuzz(target, order, current, coverage);
    else await tryOne(target, Uint8Array.fromBase64(order.input), current);
  } finally {
    await target.close?.();
  }
  tell({ type: "end" });
}

self.onmessage = (event: MessageEvent<Start>) => void run(event.data);
