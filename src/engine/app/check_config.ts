/**
 * Checks an application's settings before anything runs, as a program's flags are checked.
 *
 * @module
 */
import { closestString } from "@std/text/closest_string";
import { levenshteinDistance } from "@std/text/levenshtein_distance";
import { StreamsConfigError } from "../errors.ts";
import { DEFAULT_HEARTBEAT_INTERVAL_MS, type StreamsConfig } from "../task/config.ts";
import { TOPIC_NAME } from "../topology/topic_names.ts";

type Settings = Readonly<Record<string, unknown>>;

/** What a setting may be, of those with a few choices. */
const CHOICES: { readonly [K in keyof StreamsConfig]?: readonly StreamsConfig[K][] } = {
  processingGuarantee: ["at_least_once", "exactly_once"],
  store: ["memory", "sqlite"],
  onStateFull: ["fail", "disk"],
  autoOffsetReset: ["earliest", "latest"],
  onMissingTopic: ["fail", "wait"],
};

/** The least that a number may be; `Infinity` is one too, and means never or without limit. */
const LEAST: { readonly [K in keyof StreamsConfig]?: number } = {
  numStandbyReplicas: 0,
  maxWarmupReplicas: 0,
  acceptableRecoveryLag: 0,
  commitIntervalMs: 0,
  cacheMaxBytes: 0,
  stateMaxBytes: 1,
  stateCleanupDelayMs: 0,
  repartitionPurgeIntervalMs: 1,
  replicationFactor: 1,
  topicsRefreshMs: 1,
  sessionTimeoutMs: 1,
  heartbeatIntervalMs: 1,
  stallTimeoutMs: 0,
  fetchPartitionBytes: 1,
  maxRecordsPerSecond: 1,
  recordOutputMaxBytes: 1,
};

/** Those of which half a one makes no sense. */
const WHOLE: ReadonlySet<string> = new Set(["numStandbyReplicas", "maxWarmupReplicas", "replicationFactor"]);

/** How many letters a name may be away from the one that it is taken for. */
const MOST_DIFFERENT = 4;

/** Texts that say nothing when they are empty. */
const TEXTS: readonly (keyof StreamsConfig)[] = ["applicationId", "stateDir", "groupInstanceId", "endpoint"];

const FUNCTIONS: readonly (keyof StreamsConfig)[] = [
  "onUndecodable",
  "onProcessingError",
  "onProductionError",
  "onCommit",
  "now",
];

/** The most between two commits of a transaction, in ms: time is left for the commit itself. */
const MOST_EXACTLY_ONCE_MS = 600_000;
/** Room is left for a store's name: a topic's has at most 249 characters. */
const MOST_ID_CHARACTERS = 180;

/** All settings: the compiler tells when one is missing. */
const KNOWN: { readonly [K in keyof Required<StreamsConfig>]: true } = {
  applicationId: true,
  processingGuarantee: true,
  numStandbyReplicas: true,
  maxWarmupReplicas: true,
  acceptableRecoveryLag: true,
  commitIntervalMs: true,
  store: true,
  cacheMaxBytes: true,
  stateDir: true,
  stateMaxBytes: true,
  onStateFull: true,
  stateCleanupDelayMs: true,
  repartitionPurgeIntervalMs: true,
  replicationFactor: true,
  autoOffsetReset: true,
  onMissingTopic: true,
  topicsRefreshMs: true,
  groupInstanceId: true,
  endpoint: true,
  sessionTimeoutMs: true,
  heartbeatIntervalMs: true,
  stallTimeoutMs: true,
  fetchPartitionBytes: true,
  maxRecordsPerSecond: true,
  recordOutputMaxBytes: true,
  onUndecodable: true,
  onProcessingError: true,
  onProductionError: true,
  deadLetterTopics: true,
  onCommit: true,
  cpuTime: true,
  logger: true,
  now: true,
};

/**
 * Checks the settings of an application; those that are left out or `undefined` have their defaults.
 *
 * @throws {StreamsConfigError} At the first that is wrong.
 */
export function checkConfig(config: StreamsConfig): void {
  const settings = config as unknown as Settings;
  if (typeof settings !== "object" || settings === null) {
    refuse("settings", settings, "give them as an object, with an applicationId at least");
  }
  checkNames(settings);
  checkId(settings);
  for (const name of TEXTS) check(settings, name, isText, "it must be a text that is not empty");
  for (const [name, choices] of Object.entries(CHOICES)) {
    check(settings, name, (value) => (choices as readonly unknown[]).includes(value), oneOf(choices));
  }
  for (const [name, least] of Object.entries(LEAST)) {
    const whole = WHOLE.has(name);
    const right = (value: unknown): boolean =>
      typeof value === "number" && value >= least && (!whole || Number.isInteger(value));
    check(settings, name, right, `it must be a ${whole ? "whole " : ""}number of at least ${least}`);
  }
  checkHeartbeats(config);
  checkCommits(config);
  for (const name of FUNCTIONS) {
    check(settings, name, (value) => typeof value === "function", "it must be a function");
  }
  check(settings, "logger", isLogger, "it must have the functions info and warn");
  const areTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
  check(settings, "deadLetterTopics", areTexts, "it must be a list of topics, each with a name");
}

function checkNames(settings: Settings): void {
  const known = Object.keys(KNOWN);
  const unknown = Object.keys(settings).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const nearest = closestString(unknown, known);
  const distance = levenshteinDistance(unknown, nearest);
  const near = distance <= MOST_DIFFERENT && distance < unknown.length / 2;
  throw new StreamsConfigError(
    `Cannot run an application: received ${unknown}, which is no setting; ${
      near ? `did you mean ${nearest}?` : `there are ${known.join(", ")}`
    }`,
  );
}

/** What an application id must be; `undefined` when it is that. */
export function wrongId(id: string): string | undefined {
  if (TOPIC_NAME.test(id) && id.length <= MOST_ID_CHARACTERS) return undefined;
  return `it begins the names of topics, which have only letters, digits, ".", "_" and "-": at most ` +
    `${MOST_ID_CHARACTERS} of them here`;
}

function checkId(settings: Settings): void {
  const { applicationId } = settings;
  if (applicationId === undefined) {
    refuse("applicationId", undefined, "name the application: its instances share the id");
  }
  if (!isText(applicationId)) return;
  const remedy = wrongId(`${applicationId}`);
  if (remedy !== undefined) refuse("applicationId", applicationId, remedy);
}

/** A member that is not heard of within the session is taken for dead, and so would be each one. */
function checkHeartbeats({ sessionTimeoutMs, heartbeatIntervalMs }: StreamsConfig): void {
  const between = heartbeatIntervalMs ?? DEFAULT_HEARTBEAT_INTERVAL_MS;
  for (const [name, value] of Object.entries({ sessionTimeoutMs, heartbeatIntervalMs })) {
    if (value === Infinity) refuse(name, value, "it must end, so that a dead instance is noticed");
  }
  if (sessionTimeoutMs === undefined || sessionTimeoutMs > between) return;
  refuse(
    "sessionTimeoutMs",
    sessionTimeoutMs,
    `it must be more than heartbeatIntervalMs, which is ${between}`,
  );
}

/** A transaction lasts from one commit to the next. */
function checkCommits({ processingGuarantee, commitIntervalMs = 0 }: StreamsConfig): void {
  if (processingGuarantee !== "exactly_once" || commitIntervalMs <= MOST_EXACTLY_ONCE_MS) return;
  refuse(
    "commitIntervalMs",
    commitIntervalMs,
    `it must be at most ${MOST_EXACTLY_ONCE_MS} with exactly_once: brokers leave no transaction open ` +
      "for over 15 minutes",
  );
}

function check(settings: Settings, name: string, right: (value: unknown) => boolean, remedy: string): void {
  const value = settings[name];
  if (value !== undefined && !right(value)) refuse(name, value, remedy);
}

function refuse(name: string, value: unknown, remedy: string): never {
  throw new StreamsConfigError(`Cannot run an application: received ${name} ${shown(value)}; ${remedy}`);
}

function shown(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "";
}

function isLogger(value: unknown): boolean {
  const { info, warn } = Object(value) as Settings;
  return typeof info === "function" && typeof warn === "function";
}

function oneOf(choices: readonly unknown[]): string {
  return `it must be ${choices.map((choice) => JSON.stringify(choice)).join(" or ")}`;
}
