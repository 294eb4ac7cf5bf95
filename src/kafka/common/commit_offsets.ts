import { type Coordinator, GroupError, type MemberEpoch } from "./coordinator.ts";
import { delay, type RetrySettings } from "./retrying.ts";
import { CommitRejected } from "../port/errors.ts";
import type { TopicPartitionOffset } from "../port/topics.ts";

/** A broker may hear of a new topic so much later than others, in ms. */
const UNKNOWN_TOPIC_MS = 3_000;

/** Who commits, and where. */
export interface Commit {
  readonly coordinator: Coordinator;
  readonly member: MemberEpoch;
  readonly offsets: readonly TopicPartitionOffset[];
  readonly settings: RetrySettings;
  /** Says of an error whether the group refused this member's commit; `undefined` for other errors. */
  readonly refusal: (error: GroupError) => CommitRejected | undefined;
}

/**
 * Commits offsets in a member's name, for as long as a request may take when the coordinator can't be asked.
 *
 * @throws {CommitRejected} When the group refused them, or one of the topics has gone.
 */
export async function commitOffsets(commit: Commit): Promise<void> {
  const since = performance.now();
  while (true) {
    try {
      return await commit.coordinator.commit(commit.member, commit.offsets);
    } catch (error) {
      if (!(error instanceof GroupError)) throw error;
      throwFinal(error, commit, performance.now() - since);
      await delay(commit.settings.retryBackoffMs);
    }
  }
}

function throwFinal(error: GroupError, { refusal, settings }: Commit, forMs: number): void {
  const refused = refusal(error);
  if (refused !== undefined) throw refused;
  if (error.code === "UNKNOWN_TOPIC_OR_PARTITION" && forMs > UNKNOWN_TOPIC_MS) {
    throw new CommitRejected(error.message, false);
  }
  if (!error.retriable) throw error;
  if (forMs > settings.requestTimeoutMs) throw new CommitRejected(error.message, true);
}
