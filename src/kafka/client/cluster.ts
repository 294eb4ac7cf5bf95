/**
 * A Kafka cluster seen by one user of it: its brokers, who leads which partition, and connections of its own.
 *
 * @module
 */
import { BrokerLink, type LinkSettings } from "./broker_link.ts";
import { errorOf } from "./kafkajs_internals.ts";
import type { LinkHealth } from "./link_health.ts";
import {
  BrokerUnavailable,
  ConnectionLost,
  ConnectionRejected,
  ConnectionsClosed,
  KafkaError,
} from "../port/errors.ts";
import { partitionKey } from "../port/topics.ts";
import { WatchedLink } from "./watched_link.ts";

/** How to reach a cluster. */
export interface ClusterSettings extends LinkSettings {
  /** Bootstrap servers, `host:port`. */
  readonly brokers: readonly string[];
  readonly retryBackoffMs: number;
  /** Told of all answers and failures; left out, nobody is. */
  readonly health?: LinkHealth;
}

/** What a broker says of a topic. */
export interface TopicMetadata {
  readonly topic: string;
  /** Kafka's name of the error; `NONE` when there is none. */
  readonly error: string;
  /** The leader's node id by partition; −1 where none is known. */
  readonly leaders: readonly number[];
}

/** Addresses of this machine. */
const LOCAL = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]):/;
/** How often all brokers are tried before they are given up when each refuses at once. */
const ROUNDS = 3;

/** A broker that waits for so long to answer is not asked more while another one can be, in ms. */
const SILENT_MS = 2_000;

/** A broker as another one, or itself, told of it. */
interface Node {
  readonly address: string;
  /** The address of the broker in whose answer it was. */
  readonly toldBy: string;
}

/** Connections to the brokers of a cluster, made when they are needed. */
export class Cluster {
  readonly settings: ClusterSettings;
  readonly #links = new Map<string, BrokerLink>();
  readonly #nodes = new Map<number, Node>();
  /** When an address was last tried in vain. */
  readonly #failedAt = new Map<string, number>();
  readonly #leaders = new Map<string, number>();
  #controller = -1;
  #closed = false;

  constructor(settings: ClusterSettings) {
    this.settings = settings;
  }

  /** Asks a broker for the topics' metadata, and remembers the leaders. */
  async metadata(topics: readonly string[]): Promise<Map<string, TopicMetadata>> {
    const link = await this.any();
    // An empty list would mean all topics to kafkajs: ask for one that can't exist, which tells of the
    // brokers too.
    const asked = topics.length === 0 ? ["__none"] : [...new Set(topics)];
    const answer = await link.request("Metadata", { topics: asked, allowAutoTopicCreation: false });
    for (const { nodeId, host, port } of answer.brokers) this.#note(nodeId, `${host}:${port}`, link);
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

  /**
   * Finds the topics' leaders and connects to them, for who will soon ask them something. What fails will be
   * tried again then.
   */
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
    return [...this.#nodes.keys()].flatMap((nodeId) => this.node(nodeId) ?? []);
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
    const node = this.#nodes.get(nodeId);
    return node === undefined ? undefined : this.#link(node.address, this.#originOf(nodeId, node));
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
    this.#note(coordinator.nodeId, `${coordinator.host}:${coordinator.port}`, link);
    return this.node(coordinator.nodeId)!;
  }

  /**
   * A link that is connected: one that stands and answers, else the first broker that does. Brokers that
   * could not be reached lately are tried last.
   * @throws {BrokerUnavailable} When none does.
   */
  async any(): Promise<BrokerLink> {
    const standing = [...this.#links.values()].find((link) => link.connected && link.waitingMs < SILENT_MS);
    if (standing !== undefined) return standing;
    const began = performance.now();
    const reasons = new Map<string, Error>();
    for (let round = 1; !this.#closed; round++) {
      for (const address of this.#addresses()) {
        const link = await this.#reach(address, reasons);
        if (link !== undefined) return link;
      }
      const rejected = [...reasons.values()].find((reason) => reason instanceof ConnectionRejected);
      if (rejected !== undefined && !this.#closed) throw unusable(reasons, rejected);
      // Another round takes about as long as the ones before it.
      const withAnother = (performance.now() - began) * (round + 1) / round + this.settings.retryBackoffMs;
      if (round >= ROUNDS || withAnother > this.settings.requestTimeoutMs) break;
      await new Promise((resolve) => setTimeout(resolve, this.settings.retryBackoffMs));
    }
    if (this.#closed) throw new ConnectionsClosed("The connections to Kafka were closed");
    throw new BrokerUnavailable(
      `Cannot reach Kafka at ${[...reasons.keys()].join(", ")}: tried ${told(reasons)} ` +
        `(for ${((performance.now() - began) / 1000).toFixed(1)} s). ` +
        `Is it running, and is KAFKA_BROKERS right?${this.#hint()}`,
    );
  }

  /** Who looks for a broker on this machine may have none. */
  #hint(): string {
    const isHere = this.settings.brokers.every((address) => LOCAL.test(address));
    return isHere ? " In a checkout of kos `deno task kafka` starts one" : "";
  }

  /**
   * All addresses that are known: those that don't answer what they were asked at the end, and before them
   * those that failed lately.
   */
  #addresses(): string[] {
    const known = new Set([
      ...this.settings.brokers,
      ...[...this.#nodes.values()].map(({ address }) => address),
    ]);
    const silent = (address: string) => (this.#links.get(address)?.waitingMs ?? 0) >= SILENT_MS;
    const rank = (address: string) => silent(address) ? Infinity : this.#failedAt.get(address) ?? 0;
    return [...known].map((address) => ({ address, rank: rank(address) }))
      .sort((a, b) => a.rank === b.rank ? 0 : a.rank - b.rank).map(({ address }) => address);
  }

  /** The link to an address, connected; `undefined` when it can't be reached, with the reason noted. */
  async #reach(address: string, reasons: Map<string, Error>): Promise<BrokerLink | undefined> {
    const node = [...this.#nodes].find(([, node]) => node.address === address);
    const link = this.#link(address, node && this.#originOf(...node));
    try {
      await link.connect();
      this.#failedAt.delete(address);
      return link;
    } catch (error) {
      if (error instanceof KafkaError || !(error instanceof ConnectionLost)) throw refused(address, error);
      reasons.set(address, error);
      this.#failedAt.set(address, performance.now());
      return undefined;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#links.values()].map((link) => link.close()));
    this.#links.clear();
  }

  #note(nodeId: number, address: string, { address: toldBy }: BrokerLink): void {
    this.#nodes.set(nodeId, { address, toldBy });
  }

  /** What to say when a broker can't be reached at an address that nobody named here. */
  #originOf(nodeId: number, { address, toldBy }: Node): string | undefined {
    if (this.settings.brokers.includes(address)) return undefined;
    return `the address of broker ${nodeId} as Kafka at ${toldBy} tells it: unless that broker is down, ` +
      "its advertised.listeners must name an address that can be reached from here";
  }

  #link(address: string, origin?: string): BrokerLink {
    let link = this.#links.get(address);
    if (link === undefined) {
      const colon = address.lastIndexOf(":");
      const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1"); // IPv6
      const { health } = this.settings;
      const port = Number(address.slice(colon + 1));
      link = health === undefined
        ? new BrokerLink(host, port, this.settings, origin)
        : new WatchedLink(host, port, this.settings, health, origin);
      // Who asks after the end gets one that connects to nothing.
      if (this.#closed) void link.close();
      else this.#links.set(address, link);
    }
    return link;
  }
}

/** When a broker answers, but will not have this client. */
function refused(address: string, error: unknown): Error {
  return unusable(new Map([[address, error as Error]]), error);
}

/** When one was reached, and will not be of use until something changes. */
function unusable(reasons: ReadonlyMap<string, Error>, cause: unknown): BrokerUnavailable {
  const parts = [...reasons].map(([address, { message }]) =>
    message.startsWith(address) ? message : `${address}: ${message}`
  );
  return new BrokerUnavailable(`Cannot use Kafka at ${parts.join("; ")}`, { cause });
}

function told(reasons: ReadonlyMap<string, Error>): string {
  return [...reasons.values()].map(({ message }) => message).join("; ");
}
