/**
 * What a group is and who is in it, in words: for the message of who can't have a part in it.
 *
 * @module
 */
import type { BrokerLink } from "./broker_link.ts";
import {
  decodeListGroups,
  encodeListGroups,
  LIST_GROUPS_KEY,
  LIST_GROUPS_VERSION,
} from "../wire/protocol/list_groups.ts";
import { delay } from "../common/retrying.ts";

/** A group as its coordinator describes it. */
export interface DescribedGroup {
  readonly state: string;
  readonly protocolType: string;
  /** The assignor's name. */
  readonly protocol: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly clientId: string;
    readonly clientHost: string;
  }[];
}

/** After what time a group that rebalances is asked again, in ms. */
const SETTLING_MS = 200;
/** How often at most a group that rebalances is asked: then its assignor is not told. */
const MOST_TRIES = 10;
/** How many members are named. */
const NAMED = 5;

/**
 * Asks a group's coordinator. Groups of the types that came with Kafka 4 are known to DescribeGroups as dead
 * ones; ListGroups tells of them.
 */
export async function describeGroup(link: BrokerLink, groupId: string): Promise<string | undefined> {
  const [type, group] = await Promise.all([groupType(link, groupId), settledGroup(link, groupId)]);
  return groupInWords(group, type);
}

/**
 * A group as its coordinator describes it, once it is not in the middle of a rebalance: until then the
 * assignor is not told.
 */
async function settledGroup(link: BrokerLink, groupId: string): Promise<DescribedGroup | undefined> {
  for (let tries = 1;; tries++) {
    const answer = await link.request("DescribeGroups", { groupIds: [groupId] });
    const group: DescribedGroup | undefined = answer.groups[0];
    const settled = group === undefined || group.members.length === 0 || group.protocol !== "";
    if (settled || tries === MOST_TRIES) return group;
    await delay(SETTLING_MS);
  }
}

/** What {@linkcode describeGroup} says. */
export function groupInWords(
  group: DescribedGroup | undefined,
  type: string | undefined,
): string | undefined {
  if (type !== undefined && type !== "classic") {
    return `it is a group of type ${type}, in which the broker assigns, not a member`;
  }
  if (group === undefined || group.members.length === 0) return undefined;
  const { protocolType, protocol, members } = group;
  const named = members.slice(0, NAMED).map(({ clientId, clientHost, memberId }) =>
    `${clientId} at ${clientHost.replace(/^\//, "")} (${memberId})`
  );
  const more = members.length > NAMED ? ` and ${members.length - NAMED} more` : "";
  return `it is of protocol type ${protocolType || "(none)"} with assignor ${
    protocol || "(none)"
  }, its members are ` +
    named.join(", ") + more;
}

/** A group's type in lower case; `undefined` from brokers that don't tell. */
async function groupType(link: BrokerLink, groupId: string): Promise<string | undefined> {
  if (!await link.takes(LIST_GROUPS_KEY, LIST_GROUPS_VERSION)) return undefined;
  const groups = await link.send(LIST_GROUPS_KEY, "ListGroups", LIST_GROUPS_VERSION, encodeListGroups(), {
    flexible: true,
    decode: decodeListGroups,
  });
  return groups.find((group) => group.groupId === groupId)?.type.toLowerCase();
}
