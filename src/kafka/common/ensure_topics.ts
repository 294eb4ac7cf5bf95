import type { Log } from "../port/log.ts";

/** Where {@linkcode ensureTopics} says what it did. */
export interface TopicsLogger {
  /** Takes what was created. */
  info(message: string): void;
  /** Takes what differs from what was asked for. */
  warn(message: string): void;
}

/**
 * Creates the topics that do not exist and returns how many partitions they have. Existing topics stay as
 * they are.
 *
 * @throws {Error} When they have different numbers of partitions: records of one key would not meet in one
 * task.
 */
export async function ensureTopics(
  log: Log,
  topics: readonly string[],
  partitions: number,
  replicationFactor: number | undefined,
  logger: TopicsLogger,
): Promise<number> {
  const before = await log.describeTopics(topics);
  // A missing topic takes after the other, whatever was asked for: they have to match.
  const wanted = before.values().next().value?.partitions ?? partitions;
  const missing = topics.filter((topic) => !before.has(topic));
  if (missing.length > 0) {
    await log.createTopics(missing.map((topic) => ({
      topic,
      partitions: wanted,
      ...(replicationFactor === undefined ? {} : { replicationFactor }),
    })));
    logger.info(`created ${missing.join(", ")} with ${wanted} partitions`);
  }
  if (wanted !== partitions) logger.warn(otherPartitions([...before.keys()], wanted, partitions));
  const counts = new Map<string, number>();
  for (const [topic, description] of await log.describeTopics(topics)) {
    counts.set(topic, description.partitions);
  }
  const unequal = topics.filter((topic) => counts.get(topic) !== wanted);
  if (unequal.length > 0) {
    const received = topics.map((topic) => `${topic} with ${counts.get(topic) ?? "no"}`).join(" and ");
    throw new Error(
      `Cannot use topics: received ${received} partitions; they must have the same number to be joined, ` +
        `so delete one of them and start again`,
    );
  }
  return wanted;
}

function otherPartitions(topics: readonly string[], found: number, wanted: number): string {
  const said = `${topics.join(" and ")} exist${topics.length === 1 ? "s" : ""} with ${found} partition${
    found === 1 ? "" : "s"
  }, `;
  return found > wanted
    ? `${said}more than --partitions ${wanted}, which has no effect`
    : `${said}fewer than --partitions ${wanted}, which has no effect: no more than ${found} instance${
      found === 1 ? "" : "s"
    } can share the work; partitions are added by kafka-topics.sh --alter while nothing runs, ` +
      `and then keys come to other ones (deno task reset)`;
}
