/**
 * A group's coordinator in a Kafka cluster.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Cluster } from "./cluster.ts";
import {
  type Coordinator,
  GroupError,
  type JoinRequest,
  type JoinResponse,
  type MemberEpoch,
} from "../common/coordinator.ts";
import { describeGroup } from "./group_description.ts";
import { grouped, KafkaAdmin } from "./admin.ts";
import type { BrokerLink, Lane } from "./broker_link.ts";
import { type ApiName, errorOf } from "./kafkajs_internals.ts";
import { BrokerUnavailable, isRetriable, KafkaError, messageOf } from "../port/errors.ts";
import type { GroupOptions } from "../port/group.ts";
import type { TopicDescription, TopicPartitionOffset } from "../port/topics.ts";

/** Errors after which the coordinator has to be looked for again. */
const MOVED = new Set(["NOT_COORDINATOR_FOR_GROUP", "GROUP_COORDINATOR_NOT_AVAILABLE"]);

/** What an error means to who runs the program. */
const REMEDIES = new Map([
  [
    "INCONSISTENT_GROUP_PROTOCOL",
    "the group's members use another assignor or protocol: use another group id (--application-id), " +
    "or stop them first",
  ],
  [
    "GROUP_ID_NOT_FOUND",
    "a group of another type has this id: use another group id (--application-id), " +
    "or stop its members and delete it",
  ],
  [
    "INVALID_SESSION_TIMEOUT",
    "the session timeout must be within the broker's group.min.session.timeout.ms " +
    "and group.max.session.timeout.ms",
  ],
  ["GROUP_AUTHORIZATION_FAILED", "the credentials need the right to read with this group id"],
  ["TOPIC_AUTHORIZATION_FAILED", "the credentials need the right to read the group's topics"],
  ["FENCED_INSTANCE_ID", "another member uses the same group instance id; give each its own"],
  ["GROUP_MAX_SIZE_REACHED", "the group is full: the broker's group.max.size"],
]);

/**
 * Talks to the coordinator over connections of its own: joining waits, and must not hold up anybody else's
 * requests.
 */
export class KafkaCoordinator implements Coordinator {
  readonly #cluster: Cluster;
  readonly #admin: KafkaAdmin;
  readonly #options: Required<
    Pick<GroupOptions, "groupId" | "sessionTimeoutMs" | "rebalanceTimeoutMs">
  >;
  readonly #groupInstanceId: string | null;
  #link: BrokerLink | undefined;

  constructor(
    cluster: Cluster,
    options: Required<Pick<GroupOptions, "groupId" | "sessionTimeoutMs" | "rebalanceTimeoutMs">>,
    groupInstanceId: string | undefined,
  ) {
    this.#cluster = cluster;
    this.#admin = new KafkaAdmin(cluster);
    this.#options = options;
    this.#groupInstanceId = groupInstanceId ?? null;
  }

  async join({ memberId, protocol, metadata }: JoinRequest): Promise<JoinResponse> {
    const { groupId, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options;
    const answer = await this.#ask("JoinGroup", 0, {
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      memberId,
      groupInstanceId: this.#groupInstanceId,
      protocolType: "consumer",
      groupProtocols: [{ name: protocol, metadata: Buffer.from(metadata) }],
    }, rebalanceTimeoutMs + 5_000);
    return {
      memberId: answer.memberId,
      generation: answer.generationId,
      leader: answer.leaderId,
      members: answer.members.map((
        member: { memberId: string; memberMetadata: Uint8Array },
      ) => ({ memberId: member.memberId, metadata: member.memberMetadata })),
    };
  }

  async sync(
    { memberId, generation }: MemberEpoch,
    assignments: ReadonlyMap<string, Uint8Array>,
  ): Promise<Uint8Array> {
    const { groupId, rebalanceTimeoutMs } = this.#options;
    const answer = await this.#ask("SyncGroup", 0, {
      groupId,
      generationId: generation,
      memberId,
      groupInstanceId: this.#groupInstanceId,
      groupAssignment: [...assignments].map(([memberId, assignment]) => ({
        memberId,
        memberAssignment: Buffer.from(assignment),
      })),
    }, rebalanceTimeoutMs + 5_000);
    return answer.memberAssignment ?? new Uint8Array(0);
  }

  async heartbeat({ memberId, generation }: MemberEpoch): Promise<void> {
    await this.#ask("Heartbeat", 1, {
      groupId: this.#options.groupId,
      groupGenerationId: generation,
      memberId,
      groupInstanceId: this.#groupInstanceId,
    });
  }

  async commit(
    { memberId, generation }: MemberEpoch,
    offsets: readonly TopicPartitionOffset[],
  ): Promise<void> {
    const answer = await this.#ask("OffsetCommit", 1, {
      groupId: this.#options.groupId,
      groupGenerationId: generation,
      memberId,
      topics: grouped(offsets, ({ partition, offset }) => ({ partition, offset: String(offset) })),
    });
    for (const { topic, partitions } of answer.responses) {
      for (const { partition, errorCode } of partitions) {
        this.#check("OffsetCommit", errorCode, `${topic}-${partition}`);
      }
    }
  }

  async leave(memberId: string): Promise<void> {
    const answer = await this.#ask("LeaveGroup", 1, { groupId: this.#options.groupId, memberId });
    for (const { errorCode } of answer.members ?? []) this.#check("LeaveGroup", errorCode);
  }

  describeTopics(topics: readonly string[]): Promise<Map<string, TopicDescription>> {
    return this.#guard(() => this.#admin.describeTopics(topics));
  }

  describeGroup(): Promise<string | undefined> {
    return this.#guard(async () => {
      this.#link ??= await this.#cluster.coordinator(this.#options.groupId);
      return await describeGroup(this.#link, this.#options.groupId);
    });
  }

  close(): Promise<void> {
    return this.#cluster.close();
  }

  // deno-lint-ignore no-explicit-any -- as kafkajs decodes it
  async #ask(api: ApiName, lane: Lane, body: unknown, timeoutMs?: number): Promise<any> {
    const answer = await this.#guard(async () => {
      this.#link ??= await this.#cluster.coordinator(this.#options.groupId);
      return await this.#link.request(api, body, { lane, timeoutMs });
    });
    this.#check(api, answer.errorCode ?? 0, undefined, answer.memberId);
    return answer;
  }

  /** Runs what may find no broker, and makes a {@linkcode GroupError} of it. */
  async #guard<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      this.#link = undefined;
      const code = error instanceof KafkaError
        ? error.code
        : error instanceof BrokerUnavailable
        ? "NO_BROKER"
        : "UNAVAILABLE";
      throw new GroupError(code, this.#advice(code, messageOf(error)), {
        retriable: isRetriable(error),
        cause: error,
      });
    }
  }

  #check(api: ApiName, errorCode: number, partition?: string, memberId?: string): void {
    const { name, message, retriable } = errorOf(errorCode);
    if (name === "NONE") return;
    if (MOVED.has(name)) this.#link = undefined;
    const what = partition === undefined ? "" : ` of ${partition}`;
    throw new GroupError(
      name,
      this.#advice(name, `Group ${this.#options.groupId} refused ${api}${what}: ${message} (${name})`),
      { retriable: retriable || MOVED.has(name), memberId },
    );
  }

  #advice(code: string, message: string): string {
    const remedy = REMEDIES.get(code);
    return remedy === undefined ? message : `${message}; ${remedy}`;
  }
}
