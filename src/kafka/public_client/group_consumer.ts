/**
 * kafkajs's consumer as far as a membership in a group needs it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Cluster, Consumer, PartitionAssigner } from "kafkajs";
import { decodeAssignment } from "../wire/consumer_protocol.ts";
import { isRetriable, messageOf } from "../port/errors.ts";
import type { GroupOptions, MemberAssignment, TopicPartitionOffset } from "../port/log.ts";
import { changed, type ClientSettings, kafkaClient, translate, unreachable } from "./client.ts";

/** kafkajs tells of a generation by its heartbeats only, so they are sent at least so often, in ms. */
const HEARTBEAT_MS = 300;
/** Leaving takes no longer than this, in ms: who leaves is about to end. */
const LEAVE_TIMEOUT_MS = 3_000;

/** When kafkajs gives up it leaves the group, so it is to try for long enough for a broker to restart: about 30 s. */
const PATIENCE = { maxRetryTime: 1_000, retries: 30 };

/** A member's id and what it said when it joined. */
export interface JoinedMember {
  readonly memberId: string;
  readonly metadata: Uint8Array;
}

/** What is told of, and asked of, who has joined. Nothing is after {@linkcode GroupConsumer.stop}. */
export interface GroupEvents {
  /** What this member says when it joins, now. */
  metadata(): Uint8Array;
  /** In the leader: the assignments, encoded, by member. */
  assign(members: readonly JoinedMember[]): Promise<Map<string, Uint8Array>>;
  /** A rebalance has ended. */
  joined(memberId: string): void;
  /** The group knows this member in this generation. Whether it is to join again. */
  heartbeat(memberId: string, generation: number): boolean;
  /** It has ended by itself, and left the group where that could be done. */
  crashed(error: Error): void;
}

/** Joins a group and stays in it. It reads nothing, as all its topics are paused. */
export class GroupConsumer {
  readonly #options: GroupOptions;
  readonly #client: ClientSettings;
  readonly #events: GroupEvents;
  readonly #consumer: Consumer;
  #cluster: Cluster | undefined;
  #running: Promise<void> = Promise.resolve();
  #assignFailed: Error | undefined;
  #stopped = false;

  /** @param metadataRefreshMs How often new partitions are looked for, in ms. */
  constructor(options: GroupOptions, client: ClientSettings, metadataRefreshMs: number, events: GroupEvents) {
    this.#options = options;
    this.#client = client;
    this.#events = events;
    const { groupId, sessionTimeoutMs = 10_000, rebalanceTimeoutMs = 60_000 } = options;
    const heartbeatMs = Math.min(options.heartbeatIntervalMs ?? HEARTBEAT_MS, HEARTBEAT_MS);
    this.#consumer = kafkaClient(client, PATIENCE).consumer({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      heartbeatInterval: heartbeatMs,
      // How long its loop sleeps, as there is nothing to read.
      maxWaitTimeInMs: Math.min(100, heartbeatMs),
      metadataMaxAge: metadataRefreshMs,
      allowAutoTopicCreation: false,
      partitionAssigners: [this.#assigner],
      // It is the membership that begins anew, as it knows what was lost.
      retry: { ...PATIENCE, restartOnFailure: () => Promise.resolve(false) },
    });
    this.#listen();
  }

  /** Joins; resolves when it has, or when `crashed` was told. */
  async start(): Promise<void> {
    const { groupId, topics } = this.#options;
    try {
      await this.#consumer.connect();
    } catch (error) {
      throw unreachable(this.#client.config.brokers, error);
    }
    try {
      await this.#consumer.subscribe({ topics: [...topics] });
    } catch (error) {
      throw translate(error, `Cannot join group ${groupId}`);
    }
    // It must not join after that.
    if (this.#stopped) return await this.#consumer.disconnect();
    this.#running = this.#consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() });
    await this.#running;
  }

  /** Leaves the group. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const { groupId } = this.#options;
    const { promise: late, resolve } = Promise.withResolvers<"late">();
    const timer = setTimeout(() => resolve("late"), LEAVE_TIMEOUT_MS);
    // kafkajs's consumer that is stopped while it joins goes on when it has joined.
    const stopped = this.#running.catch(() => {}).then(() => this.#consumer.disconnect());
    try {
      if (await Promise.race([stopped, late]) !== "late") return;
      this.#client.logger.warn(
        `Cannot leave group ${groupId}: no answer within ${LEAVE_TIMEOUT_MS} ms; ` +
          "the group will notice after the session timeout",
      );
      stopped.catch(() => {}); // told
    } catch (error) {
      this.#client.logger.warn(`Cannot leave group ${groupId}: ${messageOf(error)}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Commits offsets once. Rejects as kafkajs does. */
  async commit(
    memberId: string,
    generation: number,
    offsets: readonly TopicPartitionOffset[],
  ): Promise<void> {
    const { groupId } = this.#options;
    const coordinator = await this.#cluster!.findGroupCoordinator({ groupId });
    const topics = Object.entries(Object.groupBy(offsets, ({ topic }) => topic));
    await coordinator.offsetCommit({
      groupId,
      memberId,
      groupGenerationId: generation,
      topics: topics.map(([topic, list]) => ({
        topic,
        partitions: list!.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
      })),
    });
  }

  /** A member's assignment with its user data, which kafkajs does not hand on; `undefined` when another rebalance has begun. */
  async assignment(
    memberId: string,
  ): Promise<Required<Pick<MemberAssignment, "partitions" | "userData">> | undefined> {
    const { groupId } = this.#options;
    const coordinator = await this.#cluster!.findGroupCoordinator({ groupId });
    const { groups } = await coordinator.describeGroups({ groupIds: [groupId] }) ?? {};
    if (!Array.isArray(groups)) throw changed("describes groups in another form");
    const group = groups.find((group) => group.groupId === groupId);
    const member = group?.members.find((member: { memberId: string }) => member.memberId === memberId);
    if (group?.state !== "Stable" || member === undefined) return undefined;
    return decodeAssignment(member.memberAssignment);
  }

  #listen(): void {
    const consumer = this.#consumer;
    const { groupId, topics } = this.#options;
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (this.#stopped) return;
      consumer.pause(topics.map((topic) => ({ topic })));
      this.#events.joined(payload.memberId);
    });
    consumer.on(consumer.events.HEARTBEAT, ({ payload }) => {
      if (this.#stopped || !this.#events.heartbeat(payload.memberId, payload.groupGenerationId)) return;
      // What a heartbeat's listener throws kafkajs takes for the heartbeat's own error: it joins again, as the same member.
      throw Object.assign(new Error("this member has news for the group"), { type: "REBALANCE_IN_PROGRESS" });
    });
    consumer.on(consumer.events.CRASH, ({ payload: { error } }) => {
      if (this.#stopped) return;
      this.#events.crashed(
        this.#assignFailed ?? translate(error, `Cannot stay in group ${groupId}: kafkajs's consumer ended`),
      );
    });
  }

  readonly #assigner: PartitionAssigner = ({ cluster }) => {
    this.#cluster = cluster;
    const { name } = this.#options.assignor;
    return {
      name,
      version: 2,
      protocol: () => ({ name, metadata: Buffer.from(this.#events.metadata()) }),
      assign: async ({ members }) => {
        try {
          const assignments = await this.#events.assign(
            members.map(({ memberId, memberMetadata }) => ({ memberId, metadata: memberMetadata })),
          );
          return [...assignments].map(([memberId, assignment]) => ({
            memberId,
            memberAssignment: Buffer.from(assignment),
          }));
        } catch (error) {
          if (!isRetriable(error)) {
            this.#assignFailed = error instanceof Error ? error : new Error(messageOf(error));
          }
          throw error;
        }
      },
    };
  };
}
