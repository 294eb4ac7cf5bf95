/**
 * A Kafka cluster seen by one user of it: its brokers, who leads which partition, and connections of its own.
 *
 * @module
 */
import { BrokerUnavailable, ConnectionLost, KafkaError, messageOf } from "./errors.ts";
import { BrokerLink, errorOf, type LinkSettings } from "./kafkajs_internals.ts";
import { partitionKey } from "./log.ts";

/** How to reach a cluster. */
export interface ClusterSettings extends LinkSettings {
  /** Bootstrap servers, `host:port`. */
  readonly brokers: readonly string[];
  readonly retryBackoffMs: number;
}

/** What a broker says of a topic. */
export interface TopicMetadata {
  readonly topic: string;
  /** Kafka's name of the error; `NONE` when there is none. */
  readonly error: string;
  /** The leader's node id by partition; −1 where none is known. */
  readonly leaders: readonly number[];
}

/** How often all brokers are tried before they are given up when each refuses at once. */
const ROUNDS = 3;

/** Connections to the brokers of a cluster, made when they are needed. */
export class Cluster {
  readonly settings: ClusterSettings;
  readonly #links = new Map<string, BrokerLink>();
  readonly #nodes = new Map<number, string>();
  readonly #leaders = new Map<string, number>();
  #controller = -1;
  #closed = false;

  constructor(settings: ClusterSettings) {
    this.settings = settings;
  }

  /** Asks a broker for the topics' metadata, and remembers the leaders. */
  async metadata(topics: readonly string[]): Promise<Map<string, TopicMetadata>> {
    const link = await this.any();
    // An empty list would mean all topics to kafkajs: ask for one that can't exist, which tells of the brokers too.
    const asked = topics.length === 0 ? ["__none"] : [...new Set(topics)];
    const answer = await link.request("Metadata", { topics: asked, allowAutoTopicCreation: false });
    for (const { nodeId, host, port } of answer.brokers) this.#nodes.set(nodeId, `${host}:${port}`);
    this.#controller = answer.controllerId;
    const found = new Map<string, TopicMetadata>();
    for (const { topic, topicErrorCode, partitionMetadata } of answer.topicMetadata) {
      if (!topics.includes(topic)) continue;
      const leaders: number[] = [];
      for (const { partitionId, leader } of partitionMetadata) {
        leaders[partitionId] = leader;
        if (leader >= 0) this.#leaders.set(partitionKey(topic, partitionId), leader);
        else this.#leaders.delete(partitionKey(topic, partitionId));
      }
      found.set(topic, { topic, error: errorOf(topicErrorCode).name, leaders });
    }
    return found;
  }

  /** Finds the topics' leaders and connects to them, for who will soon ask them something. What fails will be tried again then. */
  async prepare(topics: readonly string[]): Promise<void> {
    try {
      const known = await this.metadata(topics);
      const leaders = new Set([...known.values()].flatMap(({ leaders }) => leaders));
      await Promise.all([...leaders].map((leader) => this.node(leader)?.connect()));
    } catch {
      // Whoever asks for something hears of it, and in that request's words.
    }
  }

  /** The node id of a partition's leader as last heard; `undefined` when unknown or {@linkcode forget}ten. */
  leader(topic: string, partition: number): number | undefined {
    return this.#leaders.get(partitionKey(topic, partition));
  }

  /** Forgets a leader that turned out not to be one. */
  forget(topic: string, partition: number): void {
    this.#leaders.delete(partitionKey(topic, partition));
  }

  /** The links to all brokers that metadata has named. */
  get nodes(): BrokerLink[] {
    return [...this.#nodes.values()].map((address) => this.#link(address));
  }

  /** Asks for the names of all topics that may be described. */
  async topicNames(): Promise<string[]> {
    const link = await this.any();
    // To kafkajs, an empty list means all.
    const answer = await link.request("Metadata", { topics: [], allowAutoTopicCreation: false });
    return answer.topicMetadata.map(({ topic }: { topic: string }) => topic);
  }

  /** The link to a broker; `undefined` when no metadata named it. */
  node(nodeId: number): BrokerLink | undefined {
    const address = this.#nodes.get(nodeId);
    return address === undefined ? undefined : this.#link(address);
  }

  /** The link to the broker that creates and deletes topics. */
  async controller(): Promise<BrokerLink> {
    await this.metadata([]);
    return this.node(this.#controller) ?? await this.any();
  }

  /**
   * The link to the coordinator of a group, or of a transactional id.
   * @throws {KafkaError} When there is none at the moment (retriable), or the group may not be used.
   */
  async coordinator(id: string, of: "group" | "transactional id" = "group"): Promise<BrokerLink> {
    const link = await this.any();
    const { errorCode, coordinator } = await link.request("GroupCoordinator", {
      groupId: id,
      coordinatorType: of === "group" ? 0 : 1,
    });
    if (errorCode !== 0) {
      const { name, message, retriable } = errorOf(errorCode);
      throw new KafkaError(
        name,
        `Cannot find the coordinator of ${of} ${id}: ${message} (${name})`,
        retriable,
      );
    }
    this.#nodes.set(coordinator.nodeId, `${coordinator.host}:${coordinator.port}`);
    return this.node(coordinator.nodeId)!;
  }

  /**
   * A link that is connected: one that stands, else the first broker that answers.
   * @throws {BrokerUnavailable} When none does.
   */
  async any(): Promise<BrokerLink> {
    for (const link of this.#links.values()) if (link.connected) return link;
    const addresses = [...new Set([...this.settings.brokers, ...this.#nodes.values()])];
    const began = performance.now();
    const reasons = new Map<string, string>();
    for (let round = 1; !this.#closed; round++) {
      for (const address of addresses) {
        try {
          const link = this.#link(address);
          await link.connect();
          return link;
        } catch (error) {
          if (error instanceof KafkaError || !(error instanceof ConnectionLost)) {
            throw refused(address, error);
          }
          reasons.set(address, messageOf(error));
        }
      }
      // Another round takes about as long as the ones before it.
      const withAnother = (performance.now() - began) * (round + 1) / round + this.settings.retryBackoffMs;
      if (round >= ROUNDS || withAnother > this.settings.requestTimeoutMs) break;
      await new Promise((resolve) => setTimeout(resolve, this.settings.retryBackoffMs));
    }
    if (this.#closed) throw new ConnectionLost("The connections to Kafka were closed");
    throw new BrokerUnavailable(
      `Cannot reach Kafka at ${addresses.join(", ")}: tried ${[...reasons.values()].join("; ")} ` +
        `(for ${((performance.now() - began) / 1000).toFixed(1)} s). ` +
        "Is it running, and is KAFKA_BROKERS right? " +
        (LOOKS_LIKE_TLS.test([...reasons.values()].join())
          ? "Does one side speak TLS and the other not, or is its certificate not trusted? "
          : "") +
        "`deno task kafka` starts a broker on this machine",
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#links.values()].map((link) => link.close()));
    this.#links.clear();
  }

  #link(address: string): BrokerLink {
    let link = this.#links.get(address);
    if (link === undefined) {
      const colon = address.lastIndexOf(":");
      const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1"); // IPv6
      link = new BrokerLink(host, Number(address.slice(colon + 1)), this.settings);
      this.#links.set(address, link);
    }
    return link;
  }
}

/** What a connection ends with when one side speaks TLS and the other does not, or the certificate is not accepted. */
const LOOKS_LIKE_TLS = /certificate|TLS|Closed connection|ECONNRESET/i;

function refused(address: string, error: unknown): Error {
  const auth = error instanceof KafkaError && error.code === "SASL_AUTHENTICATION_FAILED";
  return new BrokerUnavailable(
    `Cannot use Kafka at ${address}: ${messageOf(error)}` +
      (auth ? ". Check API_KEY and SECRET_KEY" : ""),
    { cause: error },
  );
}
