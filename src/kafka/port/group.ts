/**
 * The port of a consumer group: its members, and who decides which of them reads what.
 *
 * @module
 */
import type { TopicDescription, TopicPartition, TopicPartitionOffset } from "./topics.ts";

/** A member of a group as the assignor sees it. */
export interface Member {
  /** The id that the group's coordinator gave it. */
  readonly memberId: string;
  /** The topics that it subscribed to. */
  readonly topics: readonly string[];
  /** What it says about itself ({@linkcode Assignor.userData}). */
  readonly userData: Uint8Array;
  /** What it owns now and will go on processing during the rebalance. */
  readonly owned: readonly TopicPartition[];
}

/** What one member is to have. */
export interface MemberAssignment {
  /** The partitions that it is to read. */
  readonly partitions: readonly TopicPartition[];
  /** What the assignor tells the member besides. */
  readonly userData?: Uint8Array;
  /**
   * From an assignor: partitions that go together. While another member has one of them to give up, none is
   * handed out.
   */
  readonly units?: readonly (readonly TopicPartition[])[];
}

/** Decides who gets what. Runs in the group's leader; must be deterministic. */
export interface Assignor {
  /** The protocol's name; all members must use the same. */
  readonly name: string;
  /** The topics that it assigns. Default: all that the members it accepts subscribed to. */
  readonly topics?: readonly string[];
  /** What this member says about itself, asked for at each join. */
  userData(): Uint8Array;
  /**
   * Whether a member is of this assignor's kind: what others claim to own does not count. Default: all are.
   */
  accepts?(member: Omit<Member, "owned">): boolean;
  /**
   * The assignment to reach. The group sees to the steps: a partition goes to its new owner only after the
   * old one has given it up ({@linkcode GroupOptions.onRevoked}), by a second rebalance (as Kafka's
   * cooperative protocol does).
   */
  assign(
    members: readonly Member[],
    topics: ReadonlyMap<string, TopicDescription>,
  ): Map<string, MemberAssignment>;
}

/** Settings of a {@linkcode GroupMember}. */
export interface GroupOptions {
  /** The group's name, which its members share. */
  readonly groupId: string;
  /** The topics that this member subscribes to. */
  readonly topics: readonly string[];
  /** Decides who reads what, when this member leads the group. */
  readonly assignor: Assignor;
  /** Static membership: with an id, a restart within the session timeout causes no rebalance. */
  readonly groupInstanceId?: string;
  /** After this time without a heartbeat a member is considered dead, in ms. Default 10,000. */
  readonly sessionTimeoutMs?: number;
  /**
   * How often a member sends a heartbeat, in ms: it is also how soon it hears of a rebalance. Default 1,000.
   */
  readonly heartbeatIntervalMs?: number;
  /** How long the group waits for its members to rejoin, in ms. Default 60,000. */
  readonly rebalanceTimeoutMs?: number;
  /**
   * Partitions that this member did not have before, and the whole assignment with its user data. Awaited.
   * Called once after each rebalance, also when nothing was added. Errors thrown end the membership (see
   * {@linkcode GroupMember.failed}).
   */
  onAssigned(added: readonly TopicPartition[], assignment: MemberAssignment): Promise<void>;
  /** Partitions to give up: commit them in here. Awaited before another member can get them. */
  onRevoked(revoked: readonly TopicPartition[]): Promise<void>;
  /**
   * Partitions that are another member's already, as the group thought this one dead: drop their state,
   * commits would fail. Awaited.
   */
  onLost(lost: readonly TopicPartition[]): Promise<void>;
}

/** A membership in a consumer group. Callbacks come one at a time. */
export interface GroupMember {
  /**
   * Joins in the background; resolves after the first assignment's `onAssigned`. Rejects when the group can't
   * be joined, saying why.
   */
  join(): Promise<void>;
  /** The id that the group's coordinator gave this member; empty before the first join. */
  readonly memberId: string;
  /** The group's generation; −1 while not a member. */
  readonly generation: number;
  /** How many rebalances this member took part in. */
  readonly rebalances: number;
  /** Rejects when the membership ended by itself for good; never resolves. */
  readonly failed: Promise<never>;
  /**
   * Commits offsets (each that of the next record to process).
   * @throws {CommitRejected} When this member is no longer in the group (`onLost` follows), or a rebalance is
   * under way: the commit was not made; with `retriable` it can be made again after the rebalance for
   * partitions still owned. Or one of the topics has gone.
   */
  commit(offsets: readonly TopicPartitionOffset[]): Promise<void>;
  /** Asks for a rebalance, since this member's user data changed. */
  rejoin(): void;
  /** Leaves the group at once, without `onRevoked`: the caller has committed. Idempotent. */
  leave(): Promise<void>;
}
