import { MemoryLog } from "../../../src/kafka/mod.ts";
import { strangersContract } from "./strangers_contract.ts";

strangersContract("in-memory log", async (body) => {
  const log = new MemoryLog({ logger: { warn() {}, error() {} } });
  try {
    await body({ log, name: "strange" });
  } finally {
    await log.close();
  }
});
