import { MemoryLog, StreamsBuilder, stringSerde } from "../../mod.ts";
import { silentLogger } from "../../src/cli/log.ts";
import { Registry } from "../../src/metrics/prom_client.ts";
import { Service } from "../../src/service/service.ts";

/** A log in memory with the topics of {@linkcode shoutService}, of four partitions each. */
export async function shoutLog(): Promise<MemoryLog> {
  const log = new MemoryLog();
  await log.createTopics([{ topic: "in", partitions: 4 }, { topic: "out", partitions: 4 }]);
  return log;
}

/** An instance of a service that writes what it reads in capitals, with its page, on any free port. */
export async function shoutService(log: MemoryLog, advertise?: string): Promise<Service> {
  const text = { key: stringSerde(), value: stringSerde() };
  const builder = new StreamsBuilder();
  builder.stream("in", text).mapValues((value) => value.toUpperCase()).to("out", text);
  return await Service.start(builder.build(), {
    log,
    logger: silentLogger,
    name: "shout",
    version: "1",
    applicationId: "shout",
    clientId: "one",
    registry: new Registry(),
    metrics: { host: "127.0.0.1", port: 0 },
    ...(advertise === undefined ? {} : { advertise }),
    page: true,
  });
}
