/**
 * The leader's part of Kafka's cooperative rebalance (KIP-429): members keep what they own while they rebalance, and a
 * partition that moves is first given up by its owner and handed to the next one in a second rebalance.
 *
 * @module
 */
import { type Member, type MemberAssignment, partitionKey, type TopicPartition } from "./log.ts";

/** What a member claims to own, and since which generation. */
export interface Claim {
  readonly memberId: string;
  readonly owned: readonly TopicPartition[];
  readonly generation: number;
}

/**
 * Settles who owns what. Of two claims of one partition the one of the higher generation holds (the other member missed
 * a rebalance); of two claims of the same generation none does, as that can't be.
 */
export function settleClaims(claims: readonly Claim[]): Map<string, string> {
  const holders = new Map<string, { memberId: string; generation: number; contested: boolean }>();
  for (const { memberId, owned, generation } of claims) {
    for (const { topic, partition } of owned) {
      const key = partitionKey(topic, partition);
      const known = holders.get(key);
      if (known === undefined || known.generation < generation) {
        holders.set(key, { memberId, generation, contested: false });
      } else if (known.generation === generation) known.contested = true;
    }
  }
  const owners = new Map<string, string>();
  for (const [key, holder] of holders) if (!holder.contested) owners.set(key, holder.memberId);
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

/** What of the target can be handed out in this round: all but what another member has still to give up. */
export function firstStep(
  target: ReadonlyMap<string, MemberAssignment>,
  owners: ReadonlyMap<string, string>,
): Map<string, MemberAssignment> {
  const step = new Map<string, MemberAssignment>();
  for (const [memberId, { partitions, userData }] of target) {
    step.set(memberId, {
      partitions: partitions.filter(({ topic, partition }) => {
        const owner = owners.get(partitionKey(topic, partition));
        return owner === undefined || owner === memberId;
      }),
      userData,
    });
  }
  return step;
}
