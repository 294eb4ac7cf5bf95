/** The broker that the integration tests use, from KAFKA_BROKERS. */
import { Cluster, type ClusterSettings } from "../../../src/kafka/client/cluster.ts";
import type { ConnectionConfig } from "../../../src/kafka/config.ts";
import { KafkaCoordinator } from "../../../src/kafka/client/group_coordinator.ts";
import type { Logger } from "../../../src/kafka/port/logger.ts";

/** The bootstrap servers. */
export function brokers(): string[] {
  const text = Deno.env.get("KAFKA_BROKERS");
  if (!text) {
    throw new Error(
      "Cannot run the integration tests: KAFKA_BROKERS is not set; `deno task test` starts a broker and sets it",
    );
  }
  return text.split(",");
}

/** A plain connection to it. */
export function connection(): ConnectionConfig {
  return {
    brokers: brokers(),
    ssl: false,
    requestTimeoutMs: 20_000,
    retryBackoffMs: 100,
  };
}

/** A logger that says nothing, for tests that provoke warnings. */
export const quiet: Logger = { warn: () => {}, error: () => {} };

/** The settings of a cluster of the test's own. */
export function clusterSettings(): ClusterSettings {
  return {
    ...connection(),
    tls: undefined,
    sasl: undefined,
    clientId: "kos-test",
    connectTimeoutMs: 5_000,
    logger: quiet,
  };
}

/** Has a group take a member for dead: to the coordinator, one that somebody else signs off is as gone as one that is dead. */
export async function expireMember(groupId: string, memberId: string): Promise<void> {
  const coordinator = new KafkaCoordinator(
    new Cluster(clusterSettings()),
    { groupId, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 60_000 },
    undefined,
  );
  await coordinator.leave(memberId);
  await coordinator.close();
}
