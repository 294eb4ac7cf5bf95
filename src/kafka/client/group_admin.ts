/**
 * What an operator does to a group that nobody is in: looks at it, and sets its offsets.
 *
 * @module
 */
import { Cluster, type ClusterSettings } from "./cluster.ts";
import { grouped, KafkaAdmin } from "./admin.ts";
import type { BrokerLink } from "./broker_link.ts";
import { errorOf } from "./kafkajs_internals.ts";
import { KafkaError } from "../port/errors.ts";
import type { OffsetSpot, TopicDescription, TopicPartition, TopicPartitionOffset } from "../port/topics.ts";
import { retrying } from "../common/retrying.ts";

/** Who is in a group. */
export interface LiveMember {
  readonly memberId: string;
  readonly clientId: string;
  /** The address that it was seen to come from. */
  readonly host: string;
}

/** A group as its coordinator has it. */
export interface GroupState {
  /** Kafka's name: `Stable`, `Empty`, …; `Dead` for a group that is not there. */
  readonly state: string;
  readonly members: readonly LiveMember[];
}

/** A cluster's groups, and what goes with setting one back. Connects when it is first used. */
export class GroupAdmin {
  readonly #cluster: Cluster;
  readonly #admin: KafkaAdmin;

  constructor(settings: ClusterSettings) {
    this.#cluster = new Cluster(settings);
    this.#admin = new KafkaAdmin(this.#cluster);
  }

  describeTopics(topics: readonly string[]): Promise<Map<string, TopicDescription>> {
    return this.#admin.describeTopics(topics);
  }

  deleteTopics(topics: readonly string[]): Promise<void> {
    return this.#admin.deleteTopics(topics);
  }

  /** @param at A time in ms since the epoch: the first record that is not older, −1 where there is none. */
  offsets(partitions: readonly TopicPartition[], at: OffsetSpot | number): Promise<number[]> {
    return this.#admin.offsets(partitions, at);
  }

  committed(groupId: string, partitions: readonly TopicPartition[]): Promise<(number | undefined)[]> {
    return this.#admin.committed(groupId, partitions);
  }

  /** The names of all topics. */
  topicNames(): Promise<string[]> {
    return retrying(this.#cluster.settings, () => this.#cluster.topicNames());
  }

  /** The ids of all groups. */
  async groupIds(): Promise<string[]> {
    return await retrying(this.#cluster.settings, async () => {
      await this.#cluster.metadata([]);
      // Each broker knows those that it coordinates.
      const answers = await Promise.all(this.#cluster.nodes.map((link) => link.request("ListGroups", {})));
      const ids = new Set<string>();
      for (const { errorCode, groups } of answers) {
        check(errorCode, "list the groups");
        for (const { groupId } of groups) ids.add(groupId);
      }
      return [...ids];
    });
  }

  /** A group and its members. */
  async describe(groupId: string): Promise<GroupState> {
    return await this.#ask(groupId, async (link) => {
      const { groups } = await link.request("DescribeGroups", { groupIds: [groupId] });
      const [{ errorCode, state, members }] = groups;
      check(errorCode, `describe group ${groupId}`);
      return {
        state,
        members: members.map(({ memberId, clientId, clientHost }: Record<string, string>) => ({
          memberId,
          clientId,
          host: clientHost,
        })),
      };
    });
  }

  /**
   * Commits offsets in nobody's name.
   * @throws {KafkaError} `UNKNOWN_MEMBER_ID` when somebody is in the group.
   */
  async commit(groupId: string, offsets: readonly TopicPartitionOffset[]): Promise<void> {
    if (offsets.length === 0) return;
    await this.#ask(groupId, async (link) => {
      const answer = await link.request("OffsetCommit", {
        groupId,
        groupGenerationId: -1,
        memberId: "",
        topics: grouped(offsets, ({ partition, offset }) => ({ partition, offset: String(offset) })),
      });
      for (const { topic, partitions } of answer.responses) {
        for (const { partition, errorCode } of partitions) {
          check(errorCode, `set the offset of ${topic}-${partition} of group ${groupId}`);
        }
      }
    });
  }

  close(): Promise<void> {
    return this.#cluster.close();
  }

  async #ask<T>(groupId: string, ask: (link: BrokerLink) => Promise<T>): Promise<T> {
    return await retrying(
      this.#cluster.settings,
      async () => await ask(await this.#cluster.coordinator(groupId)),
    );
  }
}

function check(errorCode: number, what: string): void {
  const { name, message, retriable } = errorOf(errorCode);
  if (name === "NONE") return;
  const somebody = name === "UNKNOWN_MEMBER_ID"
    ? "; somebody has come into the group: end its members first"
    : "";
  throw new KafkaError(name, `Cannot ${what}: ${message} (${name})${somebody}`, retriable);
}
