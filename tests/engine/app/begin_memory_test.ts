import { MemoryLog } from "../../../src/kafka/mod.ts";
import { beginContract } from "./begin_contract.ts";

beginContract("in-memory log", async (body) => {
  const log = new MemoryLog({ logger: { warn() {}, error() {} } });
  try {
    await body({ log, name: "begin" });
  } finally {
    await log.close();
  }
});
