/**
 * Who belongs to an application's group, and who is a stranger in it.
 *
 * @module
 */
import { AssignmentRefused } from "../../../kafka/port/errors.ts";
import type { Member } from "../../../kafka/port/group.ts";
import { decodeTaskInfo, type TaskInfo } from "./task_info.ts";

/** What this instance runs. */
export interface OwnTopology {
  /** `undefined` as of a version that did not tell it: then the topics alone decide. */
  readonly fingerprint: string | undefined;
  /** The source topics of all parts of the topology. */
  readonly topics: readonly string[];
}

/** A member of the group, seen from this instance. */
export type Peer =
  /** Runs the same topology: gets tasks. */
  | { readonly kind: "same"; readonly info: TaskInfo }
  /** Runs kos with another topology. */
  | { readonly kind: "other"; readonly info: TaskInfo }
  /** Runs another program: a stranger, which gets no tasks. */
  | { readonly kind: "stranger" };

/**
 * Sorts a member. Versions that tell no fingerprint run the same topology when they subscribe to the same
 * topics.
 */
export function peerOf({ userData, topics }: Pick<Member, "userData" | "topics">, own: OwnTopology): Peer {
  const info = decodeTaskInfo(userData);
  if (info === undefined) return { kind: "stranger" };
  const same = info.topology === undefined || own.fingerprint === undefined
    ? sameTopics(topics, own.topics)
    : info.topology === own.fingerprint;
  return { kind: same ? "same" : "other", info };
}

/**
 * The leader's check, before it assigns: the topology of a group is that of the members that have tasks;
 * where none has any it is the leader's. So an instance with another topology never takes the tasks of those
 * that run.
 *
 * @throws {AssignmentRefused} When all members that have tasks run another topology than this instance, the
 * leader.
 */
export function checkPeers(members: readonly Member[], own: OwnTopology): void {
  const holders = members.filter(({ owned }) => owned.length > 0).map((member) => ({
    memberId: member.memberId,
    topics: member.topics,
    peer: peerOf(member, own),
  }));
  if (holders.some(({ peer }) => peer.kind === "same")) return;
  const others = holders.filter(({ peer }) => peer.kind === "other");
  const [first] = others;
  if (first === undefined) return;
  const named = first.peer.kind === "other" ? first.peer.info.topology : undefined;
  throw new AssignmentRefused(
    anotherTopology(
      own.fingerprint,
      `${others.map(({ memberId }) => memberId).join(", ")} at work with ` +
        (named === undefined ? `topics ${first.topics.join(", ")}` : `topology ${named}`),
    ),
  );
}

/**
 * A member's check of who has assigned.
 *
 * @returns What the leader said.
 * @throws {AssignmentRefused} When it is another program, or runs another topology.
 */
export function checkLeader(userData: Uint8Array | undefined, own: OwnTopology): TaskInfo {
  const info = decodeTaskInfo(userData);
  if (info === undefined) {
    throw new AssignmentRefused(
      "Cannot take the group's assignment: received one that was not made by kos, so the tasks of one " +
        "machine may have gone to several instances: another program is in the group and leads it, or the " +
        "broker assigns itself; stop the other program, or use another --application-id",
    );
  }
  if (info.topology !== undefined && own.fingerprint !== undefined && info.topology !== own.fingerprint) {
    throw new AssignmentRefused(
      anotherTopology(own.fingerprint, `a group that runs topology ${info.topology}`),
    );
  }
  return info;
}

function anotherTopology(fingerprint: string | undefined, found: string): string {
  const own = fingerprint ?? "(untold)";
  return `Cannot share the tasks of this application id: received ${found}, while this instance runs ` +
    `topology ${own} with other parts, source topics or stores; stop all instances of the former topology ` +
    "first, or use another --application-id";
}

function sameTopics(a: readonly string[], b: readonly string[]): boolean {
  return [...new Set(a)].sort().join() === [...new Set(b)].sort().join();
}
