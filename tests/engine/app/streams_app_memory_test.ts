import { MemoryLog } from "../../../src/kafka/mod.ts";
import { appContract } from "./app_contract.ts";

appContract("in-memory log", async (body) => {
  const log = new MemoryLog();
  try {
    await body({ log, name: "app" });
  } finally {
    await log.close();
  }
});
