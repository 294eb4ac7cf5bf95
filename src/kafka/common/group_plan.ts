/**
 * The leader's plan: from what the members of a group say of themselves to the bytes of their assignments. A
 * group may hold strangers, so whatever they say is taken for what it is: bytes.
 *
 * @module
 */
import { decodeSubscription, encodeAssignment, type Subscription } from "../wire/consumer_protocol.ts";
import { firstStep, type HeldBack, rightfulMembers, settleClaims } from "./cooperative.ts";
import type { Assignor } from "../port/group.ts";
import type { TopicDescription } from "../port/topics.ts";

/** A member as the coordinator names it to the leader. */
export interface Applicant {
  readonly memberId: string;
  /** The member's encoded subscription. */
  readonly metadata: Uint8Array;
}

/** What a round of a group comes to. */
export interface GroupPlan {
  /** The encoded assignment of each member. */
  readonly assignments: ReadonlyMap<string, Uint8Array>;
  /** The topics that were looked at. */
  readonly names: readonly string[];
  /** What was found of the topics that were looked at. */
  readonly topics: ReadonlyMap<string, TopicDescription>;
  readonly heldBack: readonly HeldBack[];
  /** The members whose subscription is no subscription. They get nothing. */
  readonly unreadable: readonly string[];
}

/**
 * Makes the plan. Only members that the assignor accepts have a say in who owns what. Only topics that it
 * assigns are looked at: others' may not be this member's to see, and asking for them would end it.
 */
export async function planGroup(
  applicants: readonly Applicant[],
  assignor: Assignor,
  describe: (topics: readonly string[]) => Promise<ReadonlyMap<string, TopicDescription>>,
): Promise<GroupPlan> {
  const unreadable: string[] = [];
  const all = applicants.map(({ memberId, metadata }) => {
    const subscription = readSubscription(metadata);
    if (subscription === undefined) unreadable.push(memberId);
    return { memberId, ...(subscription ?? NOBODY) };
  }).sort((a, b) => a.memberId < b.memberId ? -1 : 1);
  const accepted = all.filter((each) => assignor.accepts?.(each) ?? true);
  const names = [...new Set(assignor.topics ?? accepted.flatMap(({ topics }) => topics))].sort();
  const topics = await describe(names);
  const owners = settleClaims(accepted);
  const members = all.map(({ memberId, topics, userData, owned }) => ({ memberId, topics, userData, owned }));
  const target = assignor.assign(rightfulMembers(members, owners), topics);
  const { assignments, heldBack } = firstStep(target, owners);
  return {
    assignments: new Map(
      all.map(({ memberId }) => [memberId, encodeAssignment(assignments.get(memberId) ?? NOTHING)]),
    ),
    names,
    topics,
    heldBack,
    unreadable,
  };
}

/** The subscription that bytes hold; `undefined` when they hold none. */
function readSubscription(metadata: Uint8Array): Subscription | undefined {
  try {
    return decodeSubscription(metadata);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const NOBODY: Subscription = { topics: [], userData: new Uint8Array(0), owned: [], generation: -1 };
const NOTHING = { partitions: [] };
