/**
 * Checks an application's settings before anything runs, as a program's flags are checked.
 *
 * @module
 */
import { StreamsConfigError } from "../errors.ts";
import type { StreamsConfig } from "../task/config.ts";

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
  recordOutputMaxBytes: 1,
};

/** Those of which half a one makes no sense. */
const WHOLE: ReadonlySet<string> = new Set(["numStandbyReplicas", "replicationFactor"]);

/** Texts that say nothing when they are empty. */
const TEXTS: readonly (keyof StreamsConfig)[] = ["applicationId", "stateDir", "groupInstanceId", "endpoint"];

const FUNCTIONS: readonly (keyof StreamsConfig)[] = [
  "onUndecodable",
  "onProcessingError",
  "onProductionError",
  "onCommit",
  "now",
];

/**
 * Checks the settings of an application; those that are left out or `undefined` have their defaults.
 *
 * @throws {StreamsConfigError} At the first that is wrong.
 */
export function checkConfig(config: StreamsConfig): void {
  const settings = config as unknown as Settings;
  if (settings.applicationId === undefined) {
    refuse("applicationId", undefined, "name the application: its instances share the id");
  }
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
  for (const name of FUNCTIONS) {
    check(settings, name, (value) => typeof value === "function", "it must be a function");
  }
  const areTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
  check(settings, "deadLetterTopics", areTexts, "it must be a list of topics, each with a name");
}

function check(settings: Settings, name: string, right: (value: unknown) => boolean, remedy: string): void {
  const value = settings[name];
  if (value !== undefined && !right(value)) refuse(name, value, remedy);
}

function refuse(name: string, value: unknown, remedy: string): never {
  const received = typeof value === "number" ? String(value) : JSON.stringify(value) ?? String(value);
  throw new StreamsConfigError(`Cannot run an application: received ${name} ${received}; ${remedy}`);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "";
}

function oneOf(choices: readonly unknown[]): string {
  return `it must be ${choices.map((choice) => JSON.stringify(choice)).join(" or ")}`;
}
