import { MemoryLog } from "../../../src/kafka/mod.ts";
import { asyncContract } from "./async_contract.ts";

asyncContract("in-memory log", async (body) => {
  const log = new MemoryLog();
  try {
    await body({ log, name: "app" });
  } finally {
    await log.close();
  }
});
