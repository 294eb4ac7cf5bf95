import { KafkaLog } from "../../../src/kafka/kafka_log.ts";
import { Cluster } from "../../../src/kafka/cluster.ts";
import { KafkaCoordinator } from "../../../src/kafka/kafka_group.ts";
import { logContract } from "../../kafka/log_contract.ts";
import { clusterSettings, connection, quiet } from "./broker.ts";

logContract("kafka", () => {
  const log = new KafkaLog(connection(), { logger: quiet });
  return Promise.resolve({
    log,
    // To the coordinator, a member that somebody else signs off is as gone as one that is dead.
    async expireMember(groupId, memberId) {
      const coordinator = new KafkaCoordinator(
        new Cluster(clusterSettings()),
        { groupId, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 60_000 },
        undefined,
      );
      await coordinator.leave(memberId);
      await coordinator.close();
    },
  });
});
