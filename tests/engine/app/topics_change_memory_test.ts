import { MemoryLog } from "../../../src/kafka/mod.ts";
import { topicsChangeContract } from "./topics_change_contract.ts";

topicsChangeContract("in-memory log", async (body) => {
  const log = new MemoryLog();
  try {
    await body({
      log,
      name: "change",
      grow: (topic, partitions) => Promise.resolve(log.addPartitions(topic, partitions)),
    });
  } finally {
    await log.close();
  }
});
