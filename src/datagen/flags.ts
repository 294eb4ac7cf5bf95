/**
 * The generator's flags.
 *
 * @module
 */
import { type Command, InvalidArgumentError } from "commander";
import { command, CONNECTION_HELP, flag, logLevelFlag, toggle } from "../cli/command.ts";
import { waitForBrokerFlag } from "../cli/wait_for_broker_flag.ts";
import type { LogLevel } from "../cli/log.ts";
import { choice, duration, integer, portOrOff, rate, text } from "../cli/parsers.ts";
import { VERSION } from "../cli/version.ts";
import { LARGEST_GROUP } from "../game/frame_generator.ts";
import { DEFAULT_CONTROL_PORT } from "./control.ts";
import { DEFAULT_RATE } from "./generator.ts";
import { parseProfile, type Profile, ProfileError } from "./profile.ts";
import { DEFAULT_STALL_TIMEOUT_MS } from "./send_watch.ts";

/** The flags' values. Times are in ms, rates in records a second. */
export interface Flags {
  readonly rate: number;
  readonly profile?: Profile;
  readonly duration?: number;
  readonly count?: number;
  readonly seed?: number;
  readonly machines?: number | "fallback";
  readonly topicPrefix: string;
  readonly partitions: number;
  readonly replicationFactor?: number;
  readonly compression: "none" | "gzip";
  readonly deliveryTimeout: number;
  readonly stallTimeout: number;
  readonly controlPort: number | "off";
  readonly controlHost: string;
  readonly metricsPort: number | "off";
  readonly metricsHost: string;
  readonly json: boolean;
  readonly waitForBroker: number;
  readonly logLevel: LogLevel;
}

/** The command with its flags. */
export function generatorCommand(): Command {
  return command("gen", "Writes game frames to GAME-FRAME-RQ and GAME-FRAME-RS.", VERSION)
    .addOption(
      flag("--rate <records/s>", 'records a second, requests and responses alike; "max", or 0 to pause', {
        parse: rate(),
        default: DEFAULT_RATE,
      }),
    )
    .addOption(
      flag("--profile <profile>", "the rate over time, such as step:1000@30s,5000@30s; see below", {
        parse: profile,
      }).conflicts("rate"),
    )
    .addOption(flag("--duration <time>", "end after this time, such as 30s", { parse: duration({ min: 1 }) }))
    .addOption(flag("--count <frames>", "end after so many frames, each a request and mostly a response", {
      parse: integer({ min: 1 }),
    }))
    .addOption(
      flag("--seed <n>", "the same seed draws the same frames; left out, it is drawn too", {
        parse: integer(),
      }),
    )
    .addOption(
      flag(
        "--machines <n>",
        'how many machines play, or "fallback" for four fixed ones; left out, 10 to 35, and more ' +
          "as a rate needs them for each frame to have a key of its own",
        {
          parse: machines,
        },
      ),
    )
    .addOption(
      flag("--topic-prefix <text>", "put before the topics' names, for a trial beside a running system", {
        parse: topicPrefix,
        default: "",
        defaultText: "none",
      }),
    )
    .addOption(flag("--partitions <n>", "of topics that are created because they are missing", {
      parse: integer({ min: 1, max: 10_000 }),
      default: 4,
    }))
    .addOption(
      flag("--replication-factor <n>", "of topics that are created; left out, 1, and 3 in the cloud", {
        parse: integer({ min: 1, max: 100 }),
      }),
    )
    .addOption(flag("--compression <codec>", "of record batches: none or gzip", {
      parse: choice("none", "gzip"),
      default: "none" as const,
      defaultText: "none",
    }))
    .addOption(flag("--delivery-timeout <time>", "how long sending is retried before records are given up", {
      parse: duration({ min: 1000 }),
      // Waiting costs nothing but time, as generating pauses: longer than a broker is away that is moved or restored.
      default: 600_000,
      defaultText: "10m",
    }))
    .addOption(
      flag("--stall-timeout <time>", "without an acknowledgement for so long /healthz fails; 0s: never", {
        parse: duration(),
        default: DEFAULT_STALL_TIMEOUT_MS,
        defaultText: "60s",
      }),
    )
    .addOption(flag("--control-port <port>", 'of GET and PUT /throughput; 0 for any free port, or "off"', {
      parse: portOrOff(),
      default: DEFAULT_CONTROL_PORT,
    }))
    .addOption(
      flag("--control-host <address>", "where the control port listens; whoever reaches it sets the load", {
        parse: text("an address of this machine"),
        default: "127.0.0.1",
        defaultText: "127.0.0.1",
      }),
    )
    .addOption(
      flag("--metrics-port <port>", 'of /metrics, /healthz and /readyz; 0 for any free port, or "off"', {
        parse: portOrOff(),
        default: "off" as const,
        defaultText: "off",
      }),
    )
    .addOption(flag("--metrics-host <address>", "where the metrics port listens", {
      parse: text("an address of this machine"),
      default: "0.0.0.0",
      defaultText: "0.0.0.0",
    }))
    .addOption(toggle("--json", "the summary at the end as JSON on stdout"))
    .addOption(waitForBrokerFlag())
    .addOption(logLevelFlag())
    .addHelpText("after", PROFILE_HELP + CONNECTION_HELP);
}

const PROFILE_HELP = `
Profiles (parts joined by ";", from the beginning again with "; loop"):
  step:1000@30s,5000@30s           each rate for its time
  ramp:0..20000/60s                from one rate to the other
  sine:5000+-4000/120s             mean +- amplitude / period
  burst:1000+20000/5s every 60s    base + extra for a time at the end of each period
A sine or burst goes on for ever, or, with " for 10m" behind it, so long.

While it runs:
  curl -X PUT localhost:${DEFAULT_CONTROL_PORT}/throughput -d '{"rate": 20000}'    also "max", and 0 for a pause
  curl -X PUT localhost:${DEFAULT_CONTROL_PORT}/throughput -d '{"profile": "ramp:0..20000/60s"}'
  curl -X DELETE localhost:${DEFAULT_CONTROL_PORT}/throughput                      back to the flags
`;

function profile(text: string): Profile {
  try {
    return parseProfile(text);
  } catch (error) {
    if (error instanceof ProfileError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

function machines(text: string): number | "fallback" {
  return text === "fallback" ? text : integer({ min: 1, max: LARGEST_GROUP })(text);
}

function topicPrefix(text: string): string {
  // What Kafka allows in a topic's name, short of its 249 characters.
  if (!/^[A-Za-z0-9._-]{0,200}$/.test(text)) {
    throw new InvalidArgumentError("Expected at most 200 letters, digits, '.', '_' and '-'.");
  }
  return text;
}
