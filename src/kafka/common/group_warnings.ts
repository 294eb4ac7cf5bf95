import { CONTESTED, type HeldBack } from "./cooperative.ts";
import type { Logger } from "../port/logger.ts";
import { partitionKey } from "../port/topics.ts";

/** After what time something is told of that passes by itself, in ms. */
const WARN_AFTER_MS = 5_000;
/** How often something is told of again that does not pass, in ms. */
const WARN_EVERY_MS = 30_000;
/** A partition is given up within two rebalances. */
const HELD_ROUNDS = 3;

/** What a member tells the log of a group that goes on all the same. */
export class GroupWarnings {
  readonly #groupId: string;
  readonly #logger: Logger;
  /** Since when something goes wrong that may pass. */
  #failingSince: number | undefined;
  #warnedAt = -Infinity;
  /** For how many rounds in a row the leader has held a partition back. */
  #heldRounds: ReadonlyMap<string, number> = new Map();

  constructor(groupId: string, logger: Logger) {
    this.#groupId = groupId;
    this.#logger = logger;
  }

  /** Warns of what passes by itself only when it goes on for a while, and then now and again. */
  failing(line: string): void {
    const now = performance.now();
    this.#failingSince ??= now;
    if (now - Math.max(this.#failingSince, this.#warnedAt + WARN_EVERY_MS - WARN_AFTER_MS) < WARN_AFTER_MS) {
      return;
    }
    this.#warnedAt = now;
    this.#logger.warn(line);
  }

  /** Says that what was {@linkcode failing} has passed. */
  passed(): void {
    this.#failingSince = undefined;
  }

  /** Tells the leader's log of members whose subscription is no subscription. */
  strangers(memberIds: readonly string[]): void {
    for (const memberId of memberIds) {
      this.#logger.warn(
        `Member ${memberId} of group ${this.#groupId} is a stranger: its subscription can't be read, ` +
          "and it gets nothing; stop it, or give it another group id",
      );
    }
  }

  /**
   * What a member has still to give up is there in the next round. When it is not, somebody does not keep to
   * the rules.
   */
  heldBack(partitions: readonly HeldBack[]): void {
    const rounds = new Map<string, number>();
    const late = new Map<string, string[]>();
    for (const { topic, partition, owner } of partitions) {
      const key = partitionKey(topic, partition);
      const held = (this.#heldRounds.get(key) ?? 0) + 1;
      rounds.set(key, held);
      if (held >= HELD_ROUNDS) late.set(owner, [...late.get(owner) ?? [], key]);
    }
    this.#heldRounds = rounds;
    for (const [owner, keys] of late) this.#late(owner, keys);
  }

  #late(owner: string, keys: readonly string[]): void {
    const who = owner === CONTESTED ? "several members claim" : `member ${owner} claims`;
    this.#logger.warn(
      `Nobody processes ${keys.join(", ")} in group ${this.#groupId}: ${who} to own them, and gave none up ` +
        `in ${HELD_ROUNDS} rebalances; stop ${owner === CONTESTED ? "these" : "it"}`,
    );
  }

  /** Tells that the group took this member for dead. */
  lost(partitions: number, why: string | undefined): void {
    this.#logger.warn(`Lost the membership in group ${this.#groupId} and ${partitions} partitions: ${why}`);
  }
}
