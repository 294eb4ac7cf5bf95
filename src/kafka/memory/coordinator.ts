/**
 * The coordinator of the in-memory log's groups, with the states and rules of Kafka's.
 *
 * @module
 */
import {
  type Coordinator,
  GroupError,
  type JoinRequest,
  type JoinResponse,
  type MemberEpoch,
} from "../common/coordinator.ts";
import {
  partitionKey,
  type TopicDescription,
  type TopicPartition,
  type TopicPartitionOffset,
} from "../port/topics.ts";

interface MemberState {
  readonly memberId: string;
  readonly news: () => void;
  metadata: Uint8Array;
  protocol: string;
  assignment: Uint8Array;
  /** Waits for everybody to join. */
  joining: PromiseWithResolvers<JoinResponse> | undefined;
  /** Waits for the leader's assignment. */
  syncing: PromiseWithResolvers<Uint8Array> | undefined;
}

/**
 * One group. Sessions don't time out, as members live in the same process; {@linkcode MemoryGroup.expire}
 * plays it.
 */
export class MemoryGroup {
  readonly groupId: string;
  readonly offsets: Map<string, number> = new Map();
  readonly #members = new Map<string, MemberState>();
  #state: "empty" | "joining" | "syncing" | "stable" = "empty";
  #generation = 0;
  #leader = "";
  #lastMember = 0;
  #rebalanceTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(groupId: string) {
    this.groupId = groupId;
  }

  /** The ids of the members, in the order in which they came. */
  get memberIds(): string[] {
    return [...this.#members.keys()];
  }

  join(request: JoinRequest, rebalanceTimeoutMs: number, news: () => void): Promise<JoinResponse> {
    let member: MemberState;
    if (request.memberId === "") {
      const memberId = `${this.groupId}-member-${++this.#lastMember}`;
      member = {
        memberId,
        news,
        metadata: request.metadata,
        protocol: request.protocol,
        assignment: NOTHING,
        joining: undefined,
        syncing: undefined,
      };
    } else member = this.#member(request.memberId);
    for (const other of this.#members.values()) {
      if (other !== member && other.protocol !== request.protocol) {
        throw new GroupError(
          "INCONSISTENT_GROUP_PROTOCOL",
          `Cannot join group ${this.groupId}: received assignor ${request.protocol}, but its members use ` +
            `${other.protocol}; use one assignor or another group id`,
        );
      }
    }
    const isNew = !this.#members.has(member.memberId);
    this.#members.set(member.memberId, member);
    const changed = isNew || !equal(member.metadata, request.metadata);
    member.metadata = request.metadata;
    // As in Kafka: a follower that says nothing new is told the group as it stands.
    if (this.#state === "stable" && !changed && member.memberId !== this.#leader) {
      return Promise.resolve(this.#joined(member));
    }
    member.joining = Promise.withResolvers();
    const { promise } = member.joining;
    this.#startRebalance(rebalanceTimeoutMs);
    return promise;
  }

  sync(epoch: MemberEpoch, assignments: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> {
    const member = this.#current(epoch);
    if (this.#state === "joining") throw this.#rebalancing();
    if (this.#state === "stable") return Promise.resolve(member.assignment);
    member.syncing = Promise.withResolvers();
    const { promise } = member.syncing;
    if (member.memberId === this.#leader) {
      this.#state = "stable";
      for (const each of this.#members.values()) {
        each.assignment = assignments.get(each.memberId) ?? NOTHING;
        each.syncing?.resolve(each.assignment);
        each.syncing = undefined;
      }
    }
    return promise;
  }

  heartbeat(epoch: MemberEpoch): void {
    this.#current(epoch);
    if (this.#state === "joining") throw this.#rebalancing();
  }

  commit(epoch: MemberEpoch, offsets: readonly TopicPartitionOffset[]): void {
    this.#current(epoch);
    if (this.#state === "syncing") throw this.#rebalancing();
    for (const { topic, partition, offset } of offsets) {
      this.offsets.set(partitionKey(topic, partition), offset);
    }
  }

  leave(memberId: string): void {
    this.#remove(this.#member(memberId));
  }

  /** Takes a member for dead, as a coordinator does that has heard no heartbeat for the session timeout. */
  expire(memberId: string): void {
    const member = this.#member(memberId);
    this.#remove(member);
    member.news();
  }

  committed(partitions: readonly TopicPartition[]): (number | undefined)[] {
    return partitions.map((p) => this.offsets.get(partitionKey(p.topic, p.partition)));
  }

  #startRebalance(rebalanceTimeoutMs: number): void {
    if (this.#state !== "joining") {
      this.#state = "joining";
      clearTimeout(this.#rebalanceTimer);
      this.#rebalanceTimer = setTimeout(() => this.#dropLate(), rebalanceTimeoutMs);
      for (const member of this.#members.values()) {
        member.syncing?.reject(this.#rebalancing());
        member.syncing = undefined;
      }
      for (const member of [...this.#members.values()]) if (member.joining === undefined) member.news();
    }
    this.#completeJoin();
  }

  #dropLate(): void {
    for (const member of [...this.#members.values()]) {
      if (member.joining !== undefined) continue;
      this.#members.delete(member.memberId);
      member.news();
    }
    this.#completeJoin();
  }

  #completeJoin(): void {
    if (this.#state !== "joining") return;
    for (const member of this.#members.values()) if (member.joining === undefined) return;
    clearTimeout(this.#rebalanceTimer);
    this.#generation++;
    this.#state = this.#members.size === 0 ? "empty" : "syncing";
    if (!this.#members.has(this.#leader)) this.#leader = this.memberIds[0] ?? "";
    for (const member of this.#members.values()) {
      member.joining!.resolve(this.#joined(member));
      member.joining = undefined;
    }
  }

  #joined(member: MemberState): JoinResponse {
    return {
      memberId: member.memberId,
      generation: this.#generation,
      leader: this.#leader,
      members: member.memberId === this.#leader
        ? [...this.#members.values()].map(({ memberId, metadata }) => ({ memberId, metadata }))
        : [],
    };
  }

  #remove(member: MemberState): void {
    this.#members.delete(member.memberId);
    const gone = this.#unknown(member.memberId);
    member.joining?.reject(gone);
    member.syncing?.reject(gone);
    if (this.#members.size === 0) {
      clearTimeout(this.#rebalanceTimer);
      this.#generation++;
      this.#state = "empty";
      this.#leader = "";
    } else if (this.#state === "joining") this.#completeJoin();
    else this.#startRebalance(REBALANCE_TIMEOUT_MS);
  }

  #member(memberId: string): MemberState {
    const member = this.#members.get(memberId);
    if (member === undefined) throw this.#unknown(memberId);
    return member;
  }

  #current({ memberId, generation }: MemberEpoch): MemberState {
    const member = this.#member(memberId);
    if (generation !== this.#generation) {
      throw new GroupError(
        "ILLEGAL_GENERATION",
        `Group ${this.groupId} is at generation ${this.#generation}, received ${generation} ` +
          "(ILLEGAL_GENERATION)",
      );
    }
    return member;
  }

  #unknown(memberId: string): GroupError {
    return new GroupError(
      "UNKNOWN_MEMBER_ID",
      `Group ${this.groupId} has no member ${memberId} (UNKNOWN_MEMBER_ID)`,
    );
  }

  #rebalancing(): GroupError {
    return new GroupError(
      "REBALANCE_IN_PROGRESS",
      `Group ${this.groupId} is rebalancing (REBALANCE_IN_PROGRESS)`,
    );
  }
}

/** One member's line to its group. */
export class MemoryCoordinator implements Coordinator {
  readonly #group: MemoryGroup;
  readonly #describe: (topics: readonly string[]) => Promise<Map<string, TopicDescription>>;
  readonly #rebalanceTimeoutMs: number;
  #news: () => void = () => {};

  constructor(
    group: MemoryGroup,
    describe: (topics: readonly string[]) => Promise<Map<string, TopicDescription>>,
    rebalanceTimeoutMs: number = REBALANCE_TIMEOUT_MS,
  ) {
    this.#group = group;
    this.#describe = describe;
    this.#rebalanceTimeoutMs = rebalanceTimeoutMs;
  }

  listen(news: () => void): void {
    // Not within the group's own call: it is half-way through a change.
    this.#news = () => queueMicrotask(news);
  }

  async join(request: JoinRequest): Promise<JoinResponse> {
    return await this.#group.join(request, this.#rebalanceTimeoutMs, () => this.#news());
  }

  async sync(member: MemberEpoch, assignments: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> {
    return await this.#group.sync(member, assignments);
  }

  // deno-lint-ignore require-await -- async so that what the group throws is a rejection
  async heartbeat(member: MemberEpoch): Promise<void> {
    this.#group.heartbeat(member);
  }

  // deno-lint-ignore require-await
  async commit(member: MemberEpoch, offsets: readonly TopicPartitionOffset[]): Promise<void> {
    this.#group.commit(member, offsets);
  }

  // deno-lint-ignore require-await
  async leave(memberId: string): Promise<void> {
    this.#group.leave(memberId);
  }

  describeTopics(topics: readonly string[]): Promise<Map<string, TopicDescription>> {
    return this.#describe(topics);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const NOTHING = new Uint8Array(0);
const REBALANCE_TIMEOUT_MS = 60_000;

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
