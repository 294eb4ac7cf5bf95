/**
 * `deno task chaos`: provokes faults and compares what comes out, record by record, with what has to. See `--help`.
 *
 * @module
 */
import { type ChaosFault, FAULTS } from "./chaos/faults.ts";
import { type Guarantee, objections, type Outcome, table } from "./chaos/outcome.ts";
import { type Place, Rig } from "./chaos/rig.ts";
import { type Round, schedule } from "./chaos/schedule.ts";
import { Random } from "../src/game/random.ts";
import { parseArguments } from "../src/cli/arguments.ts";
import { main } from "../src/cli/main.ts";
import { choice, integer, InvalidValue } from "../src/cli/parsers.ts";
import { type Program, toggle } from "../src/cli/program.ts";
import { progress, say } from "../src/cli/write.ts";
import { messageOf, ScriptError } from "./support/errors.ts";

/** The session timeout of an instance, and the time in which everything must go on after a fault, in s. */
const MOST_STALLED_SECONDS = 10 + 10;

const GUARANTEES: readonly Guarantee[] = ["at_least_once", "exactly_once"];

interface Flags {
  readonly seed?: number;
  readonly minutes: number;
  readonly fault?: string;
  readonly guarantee?: Guarantee;
  readonly list: boolean;
}

/** The task and its flags. */
export const CHAOS: Program<Flags> = {
  name: "chaos",
  task: true,
  description:
    "Runs the sessions topology on real brokers while brokers are killed and paused, connections are delayed, cut, reset, left " +
    "half-open and corrupted, instances are killed and paused, the registry goes, a disk is full and clocks jump. Each session " +
    "that comes out is compared with what was generated. Prints a table: sessions that were lost, changes that came twice (which " +
    "at least once allows), and the longest time without progress. Needs Java 17 with Maven, and Linux for the disk.",
  prefix: false,
  flags: {
    seed: {
      value: "<number>",
      text: "what chance chooses",
      parse: integer({ max: 2 ** 32 - 1 }),
      defaultText: "another one each time",
    },
    minutes: {
      value: "<number>",
      text: "about how long, at most; 10 suffice for each fault with both guarantees",
      parse: minutes,
      default: 10,
    },
    fault: { value: "<text>", text: "only the faults whose name has this text", parse: (text) => text },
    guarantee: {
      value: "<which>",
      text: `only this one: ${GUARANTEES.join(" or ")}`,
      parse: choice(...GUARANTEES),
    },
    list: toggle("print the faults and run none"),
  },
  sections: [{
    title: "Exit codes",
    rows: [
      [
        "0",
        "nothing was lost, nothing came twice with exactly once, and no partition rested longer than the session timeout (10 s) plus 10 s",
      ],
      ["1", "else"],
      ["2", "wrong flags"],
    ],
  }],
};

function minutes(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= 24 * 60) return value;
  throw new InvalidValue("expected a number up to 1440");
}

async function chaos(args: readonly string[], signal: AbortSignal): Promise<number> {
  const options = parseArguments(CHAOS, args);
  const faults = FAULTS.filter(({ name }) => name.includes(options.fault ?? ""));
  const names = FAULTS.map(({ name, place }) => `  ${name} (${place})`).join("\n");
  if (options.list) {
    say(names);
    return 0;
  }
  if (faults.length === 0) {
    throw new ScriptError(`Cannot provoke a fault: received --fault "${options.fault}"; there are\n${names}`);
  }
  const guarantees = GUARANTEES.filter((each) => each === (options.guarantee ?? each));
  const seed = options.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
  say(`seed ${seed}`);
  const dice = Random.ofSeed(seed);
  const random = (): number => dice.next() / 2 ** 32;
  const rounds = schedule(await possible(faults), guarantees, 60 * options.minutes, random);
  if (rounds.length === 0) {
    throw new ScriptError(
      `Cannot provoke a fault: received --minutes ${options.minutes}, in which none fits; allow one minute or more`,
    );
  }
  const outcomes: Outcome[] = [];
  const objected: string[] = [];
  for (const [i, round] of rounds.entries()) {
    progress(`round ${i + 1} of ${rounds.length}: ${round.place}, ${round.guarantee.replaceAll("_", " ")}`);
    for (const outcome of await play(round, random, signal)) {
      outcomes.push(outcome);
      objected.push(...objections(outcome, MOST_STALLED_SECONDS));
    }
  }
  say(table(outcomes));
  for (const objection of objected) say(`NOT ALLOWED: ${objection}`);
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((all, each) => all + of(each), 0);
  say(
    `${outcomes.length} faults, ${sum(({ sessions }) => sessions)} sessions: ${
      sum(({ lost }) => lost)
    } lost, ` +
      `${
        sum(({ doubled, guarantee }) => guarantee === "exactly_once" ? doubled : 0)
      } doubled with exactly once, ` +
      `${objected.length} not allowed (seed ${seed})`,
  );
  return objected.length === 0 ? 0 : 1;
}

/** Those that can be provoked here; says of the others why not. */
async function possible(faults: readonly ChaosFault[]): Promise<ChaosFault[]> {
  const found: ChaosFault[] = [];
  for (const fault of faults) {
    const why = await fault.impossible?.();
    if (why === undefined) found.push(fault);
    else say(`left out: ${fault.name}: ${why}`);
  }
  return found;
}

/** @throws {Interrupted} When a signal has asked to end: what the rig has started is ended first. */
async function play(
  round: Round<ChaosFault>,
  random: () => number,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const rig = await Rig.open({
    place: round.place as Place,
    guarantee: round.guarantee,
    random,
    report: () => {},
  });
  const interrupted = Promise.withResolvers<never>();
  interrupted.promise.catch(() => {}); // seen by the fault that it interrupts
  const interrupt = (): void => interrupted.reject(signal.reason);
  signal.addEventListener("abort", interrupt);
  try {
    signal.throwIfAborted();
    for (const fault of round.faults) {
      const began = performance.now();
      const outcome = await Promise.race([rig.run(fault.name, fault.provoke), interrupted.promise]);
      outcomes.push(outcome);
      progress(
        `  ${fault.name}: ${outcome.sessions} sessions, ${outcome.lost} lost, ${outcome.doubled} doubled, ` +
          `${outcome.stalledSeconds.toFixed(1)} s without progress` +
          `${outcome.note === "" ? "" : ` (${outcome.note})`}, in ${
            Math.round((performance.now() - began) / 1000)
          } s`,
      );
      for (const each of outcome.broken) progress(`    ${each}`);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ScriptError(`Cannot go on in ${round.place}, ${round.guarantee}: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    signal.removeEventListener("abort", interrupt);
    await rig.close();
  }
  return outcomes;
}

// What a round has started takes longer to end than a program of one process.
if (import.meta.main) await main("chaos", (signal) => chaos(Deno.args, signal), { graceMs: 60_000 });
