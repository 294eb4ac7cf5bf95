/**
 * The faults that `deno task chaos` provokes.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import process from "node:process";
import { tryRun } from "../support/commands.ts";
import type { Fault as AnswerFault } from "../support/proxy.ts";
import { waitFor } from "../support/ports.ts";
import type { Place, Rig } from "./rig.ts";

/** Longer than the session timeout of an instance, 10 s by default; in ms. */
const PAST_SESSION_MS = 12_000;
/** How long the faults of a network last, in ms. */
const NETWORK_MS = 8_000;
/** An answer in so many is hit, besides the first of each kind. */
const ONE_IN = 25;
/** What a state directory that is soon full holds, in KiB. */
const SMALL_DISK_KIB = 512;

/** A fault: where it is provoked, and how. While `provoke` runs frames are written; it returns when the fault is over. */
export interface ChaosFault {
  readonly name: string;
  readonly place: Place;
  /** About how long one run takes, in s. */
  readonly seconds: number;
  provoke(rig: Rig): Promise<void>;
  /** Why it can't be provoked on this machine; `undefined` when it can. */
  impossible?(): Promise<string | undefined>;
}

/** All of them. */
export const FAULTS: readonly ChaosFault[] = [
  {
    name: "broker killed (-9) and started again",
    place: "broker",
    seconds: 16,
    async provoke(rig) {
      await rig.broker.kill();
      await rig.restartBroker();
    },
  },
  {
    name: "broker stopped and started again",
    place: "broker",
    seconds: 7,
    async provoke(rig) {
      await rig.broker.stop();
      await rig.restartBroker();
    },
  },
  {
    name: "broker paused past the session timeout",
    place: "broker",
    seconds: 17,
    async provoke(rig) {
      process.kill(rig.broker.pid, "SIGSTOP");
      await delay(PAST_SESSION_MS);
      process.kill(rig.broker.pid, "SIGCONT");
    },
  },
  {
    name: "delays of 5 to 100 ms, changing",
    place: "broker",
    seconds: 12,
    async provoke(rig) {
      await repeat(NETWORK_MS, 500, () => rig.proxy.setDelay(5 + rig.below(96)));
      rig.proxy.setDelay(0);
    },
  },
  {
    name: "connections reset again and again",
    place: "broker",
    seconds: 12,
    provoke: (rig) => repeat(NETWORK_MS, 700, () => rig.proxy.resetAll()),
  },
  {
    name: "connections refused",
    place: "broker",
    seconds: 12,
    async provoke(rig) {
      rig.proxy.setRefusing(true);
      await delay(NETWORK_MS);
      rig.proxy.setRefusing(false);
    },
  },
  {
    name: "half-open: nothing passes, no connection ends",
    place: "broker",
    seconds: 17,
    async provoke(rig) {
      rig.proxy.setSilent(true);
      await delay(PAST_SESSION_MS);
      // As after a change of the route: the connections that hung are gone.
      rig.proxy.resetAll();
      rig.proxy.setSilent(false);
    },
  },
  answers("cut", "answers cut in the middle, of every kind"),
  answers("corrupt", "answers corrupt, of every kind"),
  {
    name: "instance killed (-9)",
    place: "broker",
    seconds: 14,
    async provoke(rig) {
      await delay(rig.below(1_000));
      await rig.replace(rig.below(2), "SIGKILL");
      await rig.ready();
    },
  },
  {
    name: "instance paused past its session and resumed",
    place: "broker",
    seconds: 17,
    async provoke(rig) {
      const victim = rig.instances[rig.below(2)]!;
      victim.signal("SIGSTOP");
      await delay(PAST_SESSION_MS);
      victim.signal("SIGCONT");
    },
  },
  {
    name: "clock jumps of an hour, ahead and back",
    place: "broker",
    seconds: 11,
    async provoke(rig) {
      for (let jump = 0; jump < 3; jump++) {
        for (const instance of rig.instances) instance.signal("SIGUSR2");
        await delay(2_000);
      }
    },
  },
  {
    name: "disk full under --store sqlite",
    place: "broker",
    seconds: 8,
    impossible: smallDisksImpossible,
    provoke: fillDisk,
  },
  {
    name: "one broker of three killed (-9)",
    place: "cluster",
    seconds: 16,
    async provoke(rig) {
      const victim = rig.below(3);
      await rig.cluster.end(victim, "SIGKILL");
      await delay(5_000);
      await rig.cluster.restart(victim);
      await rig.cluster.inSync();
    },
  },
  {
    name: "rolling restart of three brokers",
    place: "cluster",
    seconds: 44,
    async provoke(rig) {
      for (const broker of [0, 1, 2]) {
        await rig.cluster.end(broker, "SIGTERM");
        await rig.cluster.restart(broker);
        await rig.cluster.inSync();
      }
    },
  },
  {
    name: "one broker of three paused",
    place: "cluster",
    seconds: 17,
    async provoke(rig) {
      const pid = rig.cluster.pid(rig.below(3));
      process.kill(pid, "SIGSTOP");
      await delay(PAST_SESSION_MS);
      process.kill(pid, "SIGCONT");
      await rig.cluster.inSync();
    },
  },
  {
    name: "registry gone while an instance starts",
    place: "registry",
    seconds: 13,
    async provoke(rig) {
      rig.registryProxy.setRefusing(true);
      await rig.replace(rig.below(2), "SIGTERM");
      await delay(5_000);
      rig.registryProxy.setRefusing(false);
      await rig.ready();
    },
  },
];

/** Does something now and after each `everyMs`, for `forMs`. */
async function repeat(forMs: number, everyMs: number, act: () => void): Promise<void> {
  for (const end = performance.now() + forMs; performance.now() < end;) {
    act();
    await delay(everyMs);
  }
}

/** Hits the first answer of each kind, and others by chance; an instance that starts meanwhile brings those of a start. */
function answers(fault: AnswerFault, name: string): ChaosFault {
  return {
    name,
    place: "broker",
    seconds: 15,
    async provoke(rig) {
      const hit = new Set<number>();
      rig.onAnswer = ({ apiKey }) => {
        const first = !hit.has(apiKey);
        hit.add(apiKey);
        return first || rig.below(ONE_IN) === 0 ? fault : undefined;
      };
      await delay(NETWORK_MS / 2);
      await rig.replace(rig.below(2), "SIGTERM");
      await delay(NETWORK_MS / 2);
      rig.onAnswer = undefined;
      rig.note(`${hit.size} kinds of answers`);
      await rig.ready();
    },
  };
}

/** The command that gives Deno a state directory of a few hundred KiB, in a mount namespace of its own. */
function onSmallDisk(directory: string): string[] {
  const script = `mount -t tmpfs -o size=${SMALL_DISK_KIB}k tmpfs "$0" && exec "$@"`;
  return ["unshare", "--map-root-user", "--mount", "sh", "-c", script, directory, Deno.execPath()];
}

async function smallDisksImpossible(): Promise<string | undefined> {
  const directory = await Deno.makeTempDir({ prefix: "kos-disk-" });
  const [command, ...args] = onSmallDisk(directory);
  const output = await tryRun(command!, [...args, "--version"]);
  await Deno.remove(directory);
  return output?.success ? undefined : "mount namespaces are not allowed here";
}

async function fillDisk(rig: Rig): Promise<void> {
  const directory = ".kos/chaos-full";
  await Deno.mkdir(directory, { recursive: true });
  await Promise.all([rig.instances[0]!.kill("SIGTERM"), rig.instances[1]!.kill("SIGTERM")]);
  const flags = ["--store", "sqlite", "--state-dir", directory];
  const full = rig.start(onSmallDisk(directory), ...flags);
  let why: string | undefined;
  try {
    await waitFor(async () => (why = await full.whyEnded()) !== undefined, {
      what: "the end of an instance whose disk is full",
      timeoutMs: 15_000,
    });
  } finally {
    if (why === undefined) await full.kill("SIGKILL");
    rig.instances[0] = rig.start();
    rig.instances[1] = rig.start();
    await Deno.remove(directory, { recursive: true });
  }
  if (/disk|full|space/i.test(why!)) rig.note("the instance named the disk and ended");
  else rig.complain(`the instance did not name the disk: ${why!.slice(-600)}`);
}
