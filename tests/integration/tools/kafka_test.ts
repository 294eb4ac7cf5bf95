import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { startBroker } from "../../../scripts/kafka.ts";
import { brokerAnswers, findRuntime } from "../../../scripts/support/broker.ts";
import { exists } from "../../../scripts/support/cache.ts";
import { ScriptError } from "../../../scripts/support/errors.ts";

// With KAFKA_BROKERS set, the machine may have no means to run another broker.
const ignore = (await findRuntime()).kind === "none";

Deno.test({
  name: "startBroker gives a broker that answers, and keeps its data until it is wiped",
  ignore,
  async fn() {
    const dataDir = await Deno.makeTempDir({ prefix: "kos-broker-test-" });
    const lines: string[] = [];
    const broker = await startBroker({ dataDir, report: (line) => lines.push(line) });
    const port = Number(broker.bootstrap.split(":")[1]);
    try {
      assertEquals(await brokerAnswers(port), true);
      assertStringIncludes(lines.join("\n"), broker.bootstrap);
      await assertRejects(
        () => startBroker({ port }),
        ScriptError,
        "another program",
      );
    } finally {
      await broker.stop();
      assertEquals(await brokerAnswers(port), false);
      assertEquals(await exists(`${dataDir}/server.properties`), true);
      await broker.wipe();
      assertEquals(await exists(dataDir), false);
    }
  },
});

Deno.test({
  name: "startBroker waits no longer when it is told to end, and leaves nothing",
  ignore,
  async fn() {
    const stop = new AbortController();
    const lines: string[] = [];
    const report = (line: string): void => {
      lines.push(line);
      if (line.startsWith("Starting Kafka")) stop.abort();
    };
    await assertRejects(() => startBroker({ report, signal: stop.signal }), ScriptError, "no longer needed");
    const folder = lines.join("\n").match(/data folder (.*)/)?.[1];
    if (folder === undefined) return; // in a container
    assertEquals([await exists(folder), await exists(`${folder}.log`)], [false, false]);
  },
});
