import { MemoryLog } from "../../../src/kafka/mod.ts";
import { deadLetterContract } from "./dead_letter_contract.ts";

deadLetterContract("in-memory log", async (body) => {
  const log = new MemoryLog();
  try {
    await body({ log, name: "app" });
  } finally {
    await log.close();
  }
});
