/**
 * The application's own topics: what the engine relies on of them is asked for when they are created,
 * whatever the broker's defaults are, and looked at each time the application starts.
 *
 * @module
 */
import type { Log } from "../../kafka/port/log.ts";
import type { TopicSpec } from "../../kafka/port/topics.ts";
import { TopologyError } from "../errors.ts";
import type { StoreDef } from "../state/definitions.ts";
import type { EngineLogger } from "../record/handlers.ts";

/** A topic's settings as the log has them. */
type Settings = ReadonlyMap<string, string>;

/** One setting that the engine relies on. */
interface Rule {
  readonly name: string;
  readonly wanted: string;
  /** Left out where the broker refuses it: some brokers don't know it, some keep it to themselves. */
  readonly preferred?: boolean;
  /** Whether another value is as good. Default: none is. */
  readonly fits?: (received: string) => boolean;
  /**
   * What goes wrong in silence with what was received; nothing when it only costs, or is told when it
   * happens.
   */
  readonly harm?: (received: string, all: Settings) => string | undefined;
}

/** A topic of the application with the rules for it. */
export interface InternalTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly rules: readonly Rule[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/**
 * How much longer than a window store's retention its changelog keeps records: Kafka Streams'
 * `windowstore.changelog.additional.retention.ms`.
 */
const CHANGELOG_EXTRA_RETENTION_MS = DAY_MS;
/** Kafka's own default for a record and what is around it. */
const DEFAULT_MESSAGE_BYTES = 1_048_588;
/** A record of a source topic, whatever that allows, has to fit into the topics behind it. */
const MAX_MESSAGE_BYTES = 67_108_864;
/** Java's largest number: no limit. */
const NO_LIMIT = "9223372036854775807";

/** Whether a number, of which −1 stands for no limit, is at least another one. */
function reaches(received: string, least: number): boolean {
  return received === "-1" || Number(received) >= least;
}

function deletes(all: Settings): boolean {
  return policies(all.get("cleanup.policy") ?? "delete").includes("delete");
}

function policies(text: string): string[] {
  return text.split(",").map((each) => each.trim()).filter((each) => each !== "").sort();
}

/** The settings of every topic of the application's own. */
function common(replicationFactor: number): Rule[] {
  const unlimited = (name: string): Rule => ({
    name,
    wanted: NO_LIMIT,
    preferred: true,
    fits: (received) => Number(received) >= Number.MAX_SAFE_INTEGER,
  });
  return [
    {
      name: "message.timestamp.type",
      wanted: "CreateTime",
      harm: () => "records would lose their own time for the broker's, and windows close by that",
    },
    // What is acknowledged outlives a broker where there are three replicas; more would stop all writing
    // while one restarts.
    { name: "min.insync.replicas", wanted: String(replicationFactor >= 3 ? 2 : 1) },
    {
      name: "max.message.bytes",
      wanted: String(MAX_MESSAGE_BYTES),
      preferred: true,
      fits: (received) => Number(received) >= DEFAULT_MESSAGE_BYTES,
    },
    {
      name: "compression.type",
      wanted: "producer",
      preferred: true,
      harm: (received) => received === "zstd" ? "what is compressed so can't be read here" : undefined,
    },
    // Kafka 4 refuses, by default, what is an hour ahead of its clock.
    unlimited("message.timestamp.before.max.ms"),
    unlimited("message.timestamp.after.max.ms"),
    { name: "unclean.leader.election.enable", wanted: "false", preferred: true },
  ];
}

const UNBOUNDED: Rule = {
  name: "retention.bytes",
  wanted: "-1",
  harm: (received, all) =>
    deletes(all) ? `what is over ${received} bytes a partition is deleted, needed or not` : undefined,
};

/** Records go through: all must stay until they are processed, and then be gone. */
function repartitionRules(): Rule[] {
  return [
    {
      name: "cleanup.policy",
      wanted: "delete",
      harm: (received) =>
        policies(received).includes("compact")
          ? "of records with one key only the last would be processed"
          : undefined,
    },
    {
      name: "retention.ms",
      wanted: "-1",
      harm: (received) => `records are deleted after ${received} ms, processed or not`,
    },
    UNBOUNDED,
    // As Kafka Streams has it: what is purged is freed segment by segment.
    { name: "segment.bytes", wanted: String(52_428_800), fits: () => true },
  ];
}

/** A tombstone must be there for as long as a reader may take from one end of the changelog to the other. */
const TOMBSTONES: Rule = {
  name: "delete.retention.ms",
  wanted: String(DAY_MS),
  fits: (received) => Number(received) >= DAY_MS,
};

function keyValueRules(): Rule[] {
  return [
    {
      name: "cleanup.policy",
      wanted: "compact",
      harm: (received) =>
        policies(received).includes("delete")
          ? "state that has not changed for a while is deleted, and missing after the next restore"
          : undefined,
    },
    TOMBSTONES,
  ];
}

function windowedRules(retentionMs: number): Rule[] {
  const wantedMs = retentionMs + CHANGELOG_EXTRA_RETENTION_MS;
  return [
    {
      name: "cleanup.policy",
      wanted: "compact,delete",
      fits: (received) => policies(received).join() === "compact,delete",
    },
    {
      name: "retention.ms",
      wanted: Number.isFinite(wantedMs) ? String(wantedMs) : "-1",
      fits: (received) => reaches(received, wantedMs),
      harm: (received, all) =>
        deletes(all) && !reaches(received, retentionMs)
          ? `the store keeps ${retentionMs} ms, of which a restore would miss what is older`
          : undefined,
    },
    UNBOUNDED,
    TOMBSTONES,
  ];
}

/** A repartition topic. */
export function repartitionTopicOf(
  topic: string,
  partitions: number,
  replicationFactor: number,
): InternalTopic {
  return { topic, partitions, rules: [...common(replicationFactor), ...repartitionRules()] };
}

/** The stores whose entries go with their time; the others remove their keys by tombstones. */
const WINDOWED: ReadonlySet<StoreDef["kind"]> = new Set(["join-window", "window", "session"]);

/** A store's changelog. */
export function changelogOf(
  topic: string,
  partitions: number,
  replicationFactor: number,
  def: StoreDef,
): InternalTopic {
  const rules = WINDOWED.has(def.kind) ? windowedRules(def.retentionMs) : keyValueRules();
  return { topic, partitions, rules: [...common(replicationFactor), ...rules] };
}

/** Dead letters: kept, whatever time the records have, until somebody has looked at them. */
export function deadLettersOf(topic: string, partitions: number, replicationFactor: number): InternalTopic {
  const policy: Rule[] = [
    { name: "cleanup.policy", wanted: "delete" },
    { name: "retention.ms", wanted: "-1" },
  ];
  return { topic, partitions, rules: [...common(replicationFactor), ...policy] };
}

/** What a topic is created by. */
export function specOf({ topic, partitions, rules }: InternalTopic, replicationFactor: number): TopicSpec {
  const entries = (preferred: boolean): Record<string, string> =>
    Object.fromEntries(
      rules.filter((rule) => (rule.preferred ?? false) === preferred).map((
        { name, wanted },
      ) => [name, wanted]),
    );
  return { topic, partitions, replicationFactor, config: entries(false), preferred: entries(true) };
}

/** What a topic's settings are found to be. */
interface Finding {
  readonly rule: Rule;
  readonly received: string;
  readonly harm: string | undefined;
}

/**
 * Looks at the settings that the topics have: what only costs, or is told of when it happens, is warned of.
 *
 * @param sources The topics that are read, whoever made them: that one has the broker's time is said, as
 * windows go by it.
 * @throws {TopologyError} When records or state would be lost in silence: with each topic, setting, and the
 * command that mends it.
 */
export async function checkInternalTopics(
  topics: readonly InternalTopic[],
  sources: readonly string[],
  log: Log,
  logger: EngineLogger,
): Promise<void> {
  const names = new Set(topics.flatMap(({ rules }) => rules.map(({ name }) => name)));
  names.add("message.timestamp.type");
  const found = await log.topicSettings([...topics.map(({ topic }) => topic), ...sources], [...names]);
  const unseen = topics.filter(({ topic }) => !found.has(topic)).map(({ topic }) => topic);
  if (unseen.length > 0) {
    logger.info(
      `the settings of ${
        unseen.join(", ")
      } are not checked: the credentials may lack the right to describe them`,
    );
  }
  const refusals: string[] = [];
  for (const { topic, rules } of topics) {
    const findings = findingsOf(rules, found.get(topic) ?? new Map());
    if (findings.length === 0) continue;
    if (findings.some(({ harm }) => harm !== undefined)) refusals.push(report(topic, findings));
    else logger.warn(`Topic ${report(topic, findings)}`);
  }
  for (const topic of sources) {
    if (found.get(topic)?.get("message.timestamp.type") !== "LogAppendTime") continue;
    logger.info(
      `${topic} has message.timestamp.type=LogAppendTime: windows and joins go by when the broker got its ` +
        "records",
    );
  }
  if (refusals.length > 0) throw new TopologyError(`Cannot use topic ${refusals.join("; and topic ")}`);
}

function findingsOf(rules: readonly Rule[], settings: Settings): Finding[] {
  const findings: Finding[] = [];
  for (const rule of rules) {
    const received = settings.get(rule.name);
    // A broker that does not know a setting behaves as before there was one.
    if (received === undefined || received === rule.wanted || rule.fits?.(received)) continue;
    findings.push({ rule, received, harm: rule.harm?.(received, settings) });
  }
  return findings;
}

/** In one line: what was received and wanted, why it matters, and the command for all of it. */
function report(topic: string, findings: readonly Finding[]): string {
  const received = findings.map(({ rule, received, harm }) =>
    `${rule.name}=${received} where ${rule.wanted} is needed` + (harm === undefined ? "" : ` (${harm})`)
  );
  const few = findings.some(({ rule: { name, wanted }, received }) =>
    name === "min.insync.replicas" && Number(received) < Number(wanted)
  );
  const caution = few
    ? "; first give it three replicas where it has fewer (kafka-reassign-partitions.sh), " +
      "as with one alone nothing more could be written"
    : "";
  const changes = findings.map(({ rule: { name, wanted } }) =>
    `${name}=${wanted.includes(",") ? `[${wanted}]` : wanted}`
  );
  return `${topic}: received ${
    received.join(", ")
  }; change it by \`kafka-configs.sh --bootstrap-server … --alter ` +
    `--entity-type topics --entity-name ${topic} --add-config ${changes.join(",")}\`${caution}`;
}
