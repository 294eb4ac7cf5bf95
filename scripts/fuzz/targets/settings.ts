import { assert } from "@std/assert";
import { NothingToDo, readCommandLine, UsageError } from "../../../src/cli/arguments.ts";
import { cpuLimit } from "../../../src/cli/cpu_limit.ts";
import type { AnyProgram } from "../../../src/cli/program.ts";
import { GEN } from "../../../src/datagen/flags.ts";
import { parseProfile, ProfileError } from "../../../src/datagen/profile.ts";
import { ConfigError, connectionConfig } from "../../../src/kafka/config.ts";
import { STREAMS } from "../../../src/streams/arcade.ts";
import { SIMULATE } from "../../simulate/flags.ts";
import { bytesOf, textOf } from "../support.ts";
import type { FuzzTarget } from "../target.ts";

const PROGRAMS = { gen: GEN, streams: STREAMS, simulate: SIMULATE } as unknown as Record<string, AnyProgram>;

/** A program and its arguments, each on a line of its own. */
export const ARGUMENTS: FuzzTarget = {
  name: "arguments",
  refusals: [UsageError, NothingToDo],
  seeds: () =>
    [
      "gen\n--throughput\n5000\n--seed=7\n--format\nhex",
      "gen\n--profile\nstep:1000@30s,max@5s; loop",
      "streams\n--application-id=app\n--retention\n1h30m\n--store\nsqlite\n--state-max-bytes\n100000000",
      "streams\n--brokers\na:9092,[::1]:9093\n--json",
      "simulate\n--load\nramp:0..20000/60s\n--max\n10\n--lag=500",
      "gen\n--no-such\n--\nrest",
    ].map(bytesOf),
  run(input) {
    const [name = "", ...args] = textOf(input).split("\n");
    // Help and version would be printed.
    if (args.some((arg) => /^-(?!-)[^]*[hV]|^--(?:no-)?(?:h|V|help|version)(?![\w-])/.test(arg))) return;
    readCommandLine(PROGRAMS[Object.hasOwn(PROGRAMS, name) ? name : "gen"]!, args);
  },
};

/** Variables as `NAME=value` on a line each; what the control group says of the processor is `CPU_MAX`. */
export const ENVIRONMENT: FuzzTarget = {
  name: "environment",
  refusals: [ConfigError],
  seeds: () =>
    [
      "KAFKA_BROKERS=a.example:9092, b.example,[fe80::1%eth0]:9093\nSCHEMA_REGISTRY=http://localhost:8081/",
      "API_KEY=key\nSECRET_KEY=hunter2hunter2\nKAFKA_CA=/etc/kos/ca\nKAFKA_BROKERS=kafka:443",
      "CLOUD=false\nAPI_KEY=key\nSECRET_KEY=hunter2hunter2\nCPU_MAX=150000 100000",
    ].map(bytesOf),
  run(input) {
    const env = new Map(
      textOf(input).split("\n").map((line): [string, string] => {
        const at = line.indexOf("=");
        return [line.slice(0, Math.max(0, at)), line.slice(at + 1)];
      }),
    );
    const cores = cpuLimit(() => env.get("CPU_MAX") ?? "max 100000");
    assert(cores === undefined || (cores > 0 && Number.isFinite(cores)), `${cores} cores`);
    try {
      const { brokers } = connectionConfig((name) => env.get(name));
      for (const broker of brokers) assert(/:\d+$/.test(broker), broker);
    } catch (error) {
      const secret = env.get("SECRET_KEY") ?? "";
      // Where another variable has it too, it is no secret; a few letters are in any message.
      const isOther = secret.length < 8 ||
        [...env].some(([name, value]) => name !== "SECRET_KEY" && value.includes(secret));
      if (error instanceof ConfigError && secret.length > 10 && !isOther && error.message.includes(secret)) {
        throw new Error("a secret is told", { cause: error });
      }
      throw error;
    }
  },
};

/** The rate over time as a line says it. */
export const PROFILE: FuzzTarget = {
  name: "profile",
  refusals: [ProfileError],
  seeds: () =>
    [
      "step:1000@30s,max@1m30s; loop",
      "ramp:0..20000/60s; sine:5000+-4000/120s for 5m; step:7@500ms",
      "burst:1000+20000/5s every 60s for 10m; sine:5000±4000/120s",
    ].map(bytesOf),
  run(input) {
    const profile = parseProfile(textOf(input));
    for (const ms of [0, 1, 29_999, 3_600_000, profile.lengthMs]) {
      if (ms < Infinity) {
        assert(profile.rateAt(ms) >= 0, `${profile.rateAt(ms)} records a second at ${ms} ms`);
      }
    }
  },
};
