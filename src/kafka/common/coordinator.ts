/**
 * What a {@linkcode Membership} needs of a group coordinator: the requests of Kafka's group protocol. A Kafka
 * broker and the in-memory coordinator stand behind it, so that both logs share one membership.
 *
 * @module
 */
import type { TopicDescription, TopicPartitionOffset } from "../port/topics.ts";

/** A member at one generation of its group. */
export interface MemberEpoch {
  readonly memberId: string;
  readonly generation: number;
}

/** What a member says when it joins. */
export interface JoinRequest {
  /** The member's id; empty for a new one. */
  readonly memberId: string;
  /** The assignor's name. */
  readonly protocol: string;
  /** The encoded subscription. */
  readonly metadata: Uint8Array;
}

/** The group as it stands when everybody has joined. */
export interface JoinResponse extends MemberEpoch {
  /** The member id of the leader, who assigns. */
  readonly leader: string;
  /** All members with their subscriptions; empty for everybody but the leader. */
  readonly members: readonly { readonly memberId: string; readonly metadata: Uint8Array }[];
}

/** Where a group is coordinated. Each method sends one request and rejects with a {@linkcode GroupError}. */
export interface Coordinator {
  /** Waits until all members have joined. */
  join(request: JoinRequest): Promise<JoinResponse>;
  /** Hands in the assignments (the leader's; empty for others) and waits for this member's own. */
  sync(member: MemberEpoch, assignments: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array>;
  heartbeat(member: MemberEpoch): Promise<void>;
  commit(member: MemberEpoch, offsets: readonly TopicPartitionOffset[]): Promise<void>;
  leave(memberId: string): Promise<void>;
  describeTopics(topics: readonly string[]): Promise<Map<string, TopicDescription>>;
  /**
   * Where it can tell of news by itself, it calls `news`, and the member sends a heartbeat at once to hear
   * it.
   */
  listen?(news: () => void): void;
  /**
   * Says in words what the group is and who is in it, for an error's message; `undefined` when that is not
   * known.
   */
  describeGroup?(): Promise<string | undefined>;
  /** Frees what it holds for this member. */
  close(): Promise<void>;
}

/** A request that the coordinator refused or could not be asked. */
export class GroupError extends Error {
  override name = "GroupError";
  /**
   * Kafka's name of the error, such as `REBALANCE_IN_PROGRESS`; or `UNAVAILABLE` when the coordinator could
   * not be asked, and `NO_BROKER` when none could though each was tried several times.
   */
  readonly code: string;
  /** Whether the same request may succeed later. */
  readonly retriable: boolean;
  /** The id to join with, where the answer is `MEMBER_ID_REQUIRED`. */
  readonly memberId: string | undefined;

  constructor(
    code: string,
    message: string,
    options: { retriable?: boolean; memberId?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retriable = options.retriable ?? false;
    this.memberId = options.memberId;
  }
}
