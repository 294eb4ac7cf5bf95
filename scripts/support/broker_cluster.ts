/**
 * A cluster of several real brokers on this machine, for tests of what happens when one of them goes.
 *
 * @module
 */
import { join } from "@std/path";
import { Cluster } from "../../src/kafka/client/cluster.ts";
import { type Broker, clusterId, requireRuntime, startBroker } from "./broker.ts";
import { remove } from "./cache.ts";
import { ScriptError } from "./errors.ts";
import { freePorts, waitFor } from "./ports.ts";

/** How long replicas may take to be in sync again, in ms. */
const SYNC_TIMEOUT_MS = 120_000;

/** Settings of {@linkcode startCluster}. */
export interface ClusterOptions {
  /** How many brokers; each is a controller too, so that the cluster works while most of them do. Default 3. */
  readonly brokers?: number;
  /** Settings of each broker in the place of ours, by Kafka's names. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Told of the progress, a line at a time. */
  readonly report?: (line: string) => void;
}

/** Several brokers that end with us. */
export interface BrokerCluster {
  /** All of them, for `KAFKA_BROKERS`. */
  readonly bootstrap: string;
  /** `localhost:<port>` each. */
  readonly addresses: readonly string[];
  /** The process id of a broker, whose place in {@linkcode addresses} is `index`. */
  pid(index: number): number;
  /** Ends a broker: with `SIGTERM` it hands its partitions over first. */
  end(index: number, signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Starts a broker again that was ended. Resolves when it answers. */
  restart(index: number): Promise<void>;
  /** Resolves when each partition is in sync on all of its replicas again: only then may the next broker go. */
  inSync(): Promise<void>;
  /** Ends all and removes their data. Idempotent. */
  wipe(): Promise<void>;
}

/**
 * Starts a cluster whose internal topics are on all of its brokers. A topic with three replicas then survives the end of one broker.
 *
 * @throws {ScriptError} Without Java, or when the brokers do not come up.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<BrokerCluster> {
  const { brokers: count = 3, settings = {}, report = () => {} } = options;
  if ((await requireRuntime()).kind !== "java") {
    throw new ScriptError(
      `Cannot start ${count} brokers: received no Java; install Java 17 or newer, and Maven`,
    );
  }
  const ports = freePorts(2 * count);
  const [clients, controllers] = [ports.slice(0, count), ports.slice(count)];
  const dataDir = await Deno.makeTempDir({ prefix: "kos-cluster-" });
  const voters = controllers.map((port, i) => `${i + 1}@127.0.0.1:${port}`).join(",");
  const replicas = String(Math.min(3, count));
  const isr = String(Math.max(1, Math.min(3, count) - 1));
  const id = clusterId();
  const start = (i: number): Promise<Broker> =>
    startBroker({
      port: clients[i]!,
      dataDir: join(dataDir, String(i + 1)),
      member: { clusterId: id, controllerPort: controllers[i]! },
      report,
      settings: {
        "node.id": String(i + 1),
        "controller.quorum.voters": voters,
        "default.replication.factor": replicas,
        "min.insync.replicas": isr,
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": isr,
        ...settings,
      },
    });
  const brokers: Broker[] = [];
  const wipe = async (): Promise<void> => {
    await Promise.all(brokers.map((broker) => broker.wipe()));
    await remove(dataDir);
  };
  const started = await Promise.allSettled(clients.map((_, i) => start(i)));
  for (const each of started) if (each.status === "fulfilled") brokers.push(each.value);
  const failed = started.find((each) => each.status === "rejected");
  if (failed !== undefined) {
    await wipe();
    throw failed.reason;
  }
  const addresses = clients.map((port) => `localhost:${port}`);
  return {
    bootstrap: addresses.join(","),
    addresses,
    pid: (i) => brokers[i]!.pid,
    end: (i, signal) => signal === "SIGKILL" ? brokers[i]!.kill() : brokers[i]!.stop(),
    restart: async (i) => void (brokers[i] = await start(i)),
    inSync: () => untilInSync(addresses),
    wipe,
  };
}

async function untilInSync(brokers: readonly string[]): Promise<void> {
  const cluster = new Cluster({
    brokers,
    clientId: "kos-cluster",
    tls: undefined,
    sasl: undefined,
    connectTimeoutMs: 5_000,
    requestTimeoutMs: 10_000,
    retryBackoffMs: 200,
    logger: { warn() {}, error() {} },
  });
  try {
    await waitFor(async () => {
      // No topics are all topics in this request.
      const { topicMetadata } = await (await cluster.any()).request("Metadata", {
        topics: [],
        allowAutoTopicCreation: false,
      });
      const partitions: { isr: number[]; replicas: number[] }[] = topicMetadata.flatMap(
        ({ partitionMetadata }: { partitionMetadata: unknown[] }) => partitionMetadata,
      );
      return partitions.every(({ isr, replicas }) => isr.length === replicas.length);
    }, { what: "all replicas in sync", timeoutMs: SYNC_TIMEOUT_MS });
  } finally {
    await cluster.close();
  }
}
