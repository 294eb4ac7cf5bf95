import { assertEquals, assertRejects } from "@std/assert";
import { createLogger } from "../../src/cli/log.ts";
import { StreamsBuilder } from "../../src/engine/mod.ts";
import { WaitInterrupted } from "../../src/kafka/common/wait_for_broker.ts";
import { MemoryLog } from "../../src/kafka/mod.ts";
import { Registry } from "../../src/metrics/prom_client.ts";
import { type Serde, stringSerde } from "../../src/serde/mod.ts";
import { Service } from "../../src/service/service.ts";

Deno.test("a service that is asked to end before it has begun does, though what it waits for never comes", async () => {
  const asked = Promise.withResolvers<void>();
  const neverBound: Serde<string> = {
    ...stringSerde(),
    forTopic: () => {
      asked.resolve();
      return new Promise(() => {});
    },
  };
  const builder = new StreamsBuilder();
  builder.stream("in", { key: stringSerde(), value: neverBound }).to("out", {
    key: stringSerde(),
    value: stringSerde(),
  });
  const log = new MemoryLog();
  const signal = new AbortController();
  const started = Service.start(builder.build(), {
    log,
    logger: createLogger({ name: "test", write: () => {} }),
    name: "test",
    version: "0",
    applicationId: "app",
    clientId: "client",
    registry: new Registry(),
    signal: signal.signal,
  });
  const refused = assertRejects(() => started, WaitInterrupted, "asked to end before it had begun");
  await asked.promise;
  signal.abort();
  await refused;
  assertEquals((await log.describeTopics(["in"])).size, 1);
  await log.close();
});
