/**
 * The generator's flags.
 *
 * @module
 */
import type { LogLevel } from "../cli/log.ts";
import { choice, duration, integer, InvalidValue, portOrOff, rate, text } from "../cli/parsers.ts";
import { type HelpSection, type Program, toggle } from "../cli/program.ts";
import { CONNECTION_VARIABLES, LOG_LEVEL, PROBE, WAIT_FOR_BROKER, WITHIN } from "../cli/shared_flags.ts";
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
  readonly controlTokenFile?: string;
  readonly metricsPort: number | "off";
  readonly metricsHost: string;
  readonly json: boolean;
  readonly waitForBroker: number;
  readonly logLevel: LogLevel;
  readonly probe?: string;
  readonly within: number;
}

const PROFILES: HelpSection = {
  title: 'Profiles (parts joined by ";", from the beginning again with "; loop")',
  rows: [
    ["step:1000@30s,5000@30s", "each rate for its time"],
    ["ramp:0..20000/60s", "from one rate to the other"],
    ["sine:5000+-4000/120s", "mean +- amplitude / period"],
    ["burst:1000+20000/5s every 60s", "base + extra for a time at the end of each period"],
  ],
  paragraphs: ['A sine or burst goes on for ever, or, with " for 10m" behind it, so long.'],
};

const WHILE_IT_RUNS: HelpSection = {
  title: "While it runs",
  rows: [
    [
      `curl -X PUT localhost:${DEFAULT_CONTROL_PORT}/throughput -d '{"rate": 20000}'`,
      'sets the rate; also "max", and 0 for a pause',
    ],
    [
      `curl -X PUT localhost:${DEFAULT_CONTROL_PORT}/throughput -d '{"profile": "ramp:0..20000/60s"}'`,
      "sets a profile",
    ],
    [`curl -X DELETE localhost:${DEFAULT_CONTROL_PORT}/throughput`, "goes back to the flags"],
  ],
};

/** The binary and its flags. */
export const GEN: Program<Flags> = {
  name: "gen",
  description: "Writes game frames to GAME-FRAME-RQ and GAME-FRAME-RS.",
  version: VERSION,
  flags: {
    rate: {
      value: "<records/s>",
      text: 'records a second, requests and responses alike; "max", or 0 to pause',
      parse: rate(),
      default: DEFAULT_RATE,
    },
    profile: {
      value: "<profile>",
      text: "the rate over time, such as step:1000@30s,5000@30s; see below",
      parse: profile,
      excludes: ["rate"],
    },
    duration: { value: "<time>", text: "end after this time, such as 30s", parse: duration({ min: 1 }) },
    count: {
      value: "<frames>",
      text: "end after so many frames, each a request and mostly a response",
      parse: integer({ min: 1 }),
    },
    seed: {
      value: "<n>",
      text: "the same seed draws the same frames",
      defaultText: "it is drawn too",
      parse: integer(),
    },
    machines: {
      value: "<n>",
      text: 'how many machines play, or "fallback" for four fixed ones',
      defaultText: "10 to 35, and more as a rate needs them for each frame to have a key of its own",
      parse: machines,
    },
    topicPrefix: {
      value: "<text>",
      text: "put before the topics' names, for a trial beside a running system",
      parse: topicPrefix,
      default: "",
      defaultText: "none",
      group: "Topics",
    },
    partitions: {
      value: "<n>",
      text: "of topics that are created because they are missing",
      parse: integer({ min: 1, max: 10_000 }),
      default: 4,
      group: "Topics",
    },
    replicationFactor: {
      value: "<n>",
      text: "of topics that are created",
      defaultText: "1, in the cloud 3",
      parse: integer({ min: 1, max: 100 }),
      group: "Topics",
    },
    compression: {
      value: "<codec>",
      text: "of record batches: none or gzip",
      parse: choice("none", "gzip"),
      default: "none",
      group: "Topics",
    },
    deliveryTimeout: {
      value: "<time>",
      text: "how long sending is retried before records are given up",
      parse: duration({ min: 1000 }),
      // Waiting costs nothing but time, as generating pauses: longer than a broker is away that is moved.
      default: 600_000,
      defaultText: "10m",
      group: "Waiting",
    },
    stallTimeout: {
      value: "<time>",
      text: "without an acknowledgement for so long /healthz fails; 0s: never",
      parse: duration(),
      default: DEFAULT_STALL_TIMEOUT_MS,
      defaultText: "60s",
      group: "Waiting",
    },
    controlPort: {
      value: "<port>",
      text: 'of GET and PUT /throughput; 0 for any free port, or "off"',
      parse: portOrOff(),
      default: DEFAULT_CONTROL_PORT,
      group: "Ports",
    },
    controlHost: {
      value: "<address>",
      text: "where the control port listens; beyond this machine it needs a token",
      parse: text("an address of this machine"),
      default: "127.0.0.1",
      group: "Ports",
    },
    controlTokenFile: {
      value: "<file>",
      text: "with the token that its requests bring; or KOS_CONTROL_TOKEN is the token itself",
      parse: text("a file"),
      group: "Ports",
    },
    metricsPort: {
      value: "<port>",
      text: 'of /metrics, /healthz and /readyz; 0 for any free port, or "off"',
      parse: portOrOff(),
      default: "off",
      group: "Ports",
    },
    metricsHost: {
      value: "<address>",
      text: "where the metrics port listens",
      parse: text("an address of this machine"),
      default: "0.0.0.0",
      group: "Ports",
    },
    json: toggle("the summary at the end as JSON on stdout"),
    waitForBroker: { ...WAIT_FOR_BROKER, group: "Waiting" },
    logLevel: LOG_LEVEL,
    probe: PROBE,
    within: WITHIN,
  },
  sections: [PROFILES, WHILE_IT_RUNS, CONNECTION_VARIABLES],
};

/**
 * Reads a profile as a flag's value.
 *
 * @throws {InvalidValue} When it is none, naming the part.
 */
export function profile(text: string): Profile {
  try {
    return parseProfile(text);
  } catch (error) {
    if (error instanceof ProfileError) throw new InvalidValue(error.message);
    throw error;
  }
}

function machines(text: string): number | "fallback" {
  return text === "fallback" ? text : integer({ min: 1, max: LARGEST_GROUP })(text);
}

function topicPrefix(text: string): string {
  // What Kafka allows in a topic's name, short of its 249 characters.
  if (!/^[A-Za-z0-9._-]{0,200}$/.test(text)) {
    throw new InvalidValue("expected at most 200 letters, digits, '.', '_' and '-'");
  }
  return text;
}
