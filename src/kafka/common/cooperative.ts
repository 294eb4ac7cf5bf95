/**
 * The leader's part of Kafka's cooperative rebalance (KIP-429): members keep what they own while they
 * rebalance, and a partition that moves is first given up by its owner and handed to the next one in a second
 * rebalance.
 *
 * @module
 */
import type { Member, MemberAssignment } from "../port/group.ts";
import { partitionKey, type TopicPartition } from "../port/topics.ts";

/** What a member claims to own, and since which generation. */
export interface Claim {
  readonly memberId: string;
  readonly owned: readonly TopicPartition[];
  readonly generation: number;
}

/**
 * The owner of what several members claim for the same generation: whoever of them has it must give it up
 * before anybody gets it.
 */
export const CONTESTED = "";

/**
 * Settles who owns what. Of two claims of one partition the one of the higher generation holds (the other
 * member missed a rebalance). Of two members' claims of the same generation none does, as that can't be: the
 * partition is {@linkcode CONTESTED}.
 */
export function settleClaims(claims: readonly Claim[]): Map<string, string> {
  const holders = new Map<string, { memberId: string; generation: number; contested: boolean }>();
  for (const { memberId, owned, generation } of claims) {
    for (const { topic, partition } of owned) {
      const key = partitionKey(topic, partition);
      const known = holders.get(key);
      if (known === undefined || known.generation < generation) {
        holders.set(key, { memberId, generation, contested: false });
      } else if (known.generation === generation && known.memberId !== memberId) known.contested = true;
    }
  }
  const owners = new Map<string, string>();
  for (const [key, { memberId, contested }] of holders) owners.set(key, contested ? CONTESTED : memberId);
  return owners;
}

/** The members with only those of their partitions that are rightly theirs. */
export function rightfulMembers(
  members: readonly Member[],
  owners: ReadonlyMap<string, string>,
): Member[] {
  return members.map((member) => ({
    ...member,
    owned: member.owned.filter((p) => owners.get(partitionKey(p.topic, p.partition)) === member.memberId),
  }));
}

/** A partition that is not handed out in this round, as another member has still to give it up. */
export interface HeldBack extends TopicPartition {
  /** Who has it; {@linkcode CONTESTED} when several claim it. */
  readonly owner: string;
}

/** What is handed out in one round. */
export interface Step {
  readonly assignments: Map<string, MemberAssignment>;
  readonly heldBack: readonly HeldBack[];
}

/**
 * What of the target can be handed out in this round: all but what another member has still to give up, and
 * what goes together with that ({@linkcode MemberAssignment.units}): who had a part of it would begin while
 * another one is still at work on it.
 */
export function firstStep(
  target: ReadonlyMap<string, MemberAssignment>,
  owners: ReadonlyMap<string, string>,
): Step {
  const assignments = new Map<string, MemberAssignment>();
  const heldBack: HeldBack[] = [];
  for (const [memberId, { partitions, userData, units = [] }] of target) {
    const foreign = ({ topic, partition }: TopicPartition): string | undefined => {
      const owner = owners.get(partitionKey(topic, partition));
      return owner === memberId ? undefined : owner;
    };
    const withheld = new Set<string>();
    for (const unit of [...units, ...partitions.map((each) => [each])]) {
      if (!unit.some((each) => foreign(each) !== undefined)) continue;
      for (const { topic, partition } of unit) withheld.add(partitionKey(topic, partition));
    }
    for (const { topic, partition } of partitions) {
      const owner = foreign({ topic, partition });
      if (owner !== undefined) heldBack.push({ topic, partition, owner });
    }
    assignments.set(memberId, {
      partitions: partitions.filter(({ topic, partition }) => !withheld.has(partitionKey(topic, partition))),
      ...(userData === undefined ? {} : { userData }),
    });
  }
  return { assignments, heldBack };
}
