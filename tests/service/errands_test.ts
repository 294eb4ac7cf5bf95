import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Gauge } from "prom-client";
import { parseArguments, UsageError } from "../../src/cli/arguments.ts";
import { StreamsBuilder } from "../../src/engine/mod.ts";
import { Registry } from "../../src/metrics/prom_client.ts";
import { serveMetrics } from "../../src/metrics/server.ts";
import { stringSerde } from "../../src/serde/mod.ts";
import { errand } from "../../src/service/errands.ts";
import { serviceProgram } from "../../src/service/program.ts";

const PROGRAM = serviceProgram({ applicationId: "copy" });

/** What the program does instead of running with these arguments: its exit code, and what it says. */
async function done(...args: string[]): Promise<[code: number | undefined, lines: string[]]> {
  const text = { key: stringSerde(), value: stringSerde() };
  const builder = new StreamsBuilder();
  builder.stream("orders", text).to("copies", text);
  const lines: string[] = [];
  const code = await errand({
    flags: parseArguments(PROGRAM, args),
    build: () => builder.build(),
    connection: () => {
      throw new Error("no connection is needed");
    },
    say: (line) => lines.push(line),
    signal: new AbortController().signal,
  });
  return [code, lines];
}

Deno.test("a program without one of these flags runs", async () => {
  assertEquals(await done(), [undefined, []]);
});

Deno.test("--describe prints the topology, without a connection", async () => {
  const [code, [topology]] = await done("--describe");
  assertEquals(code, 0);
  assertMatch(topology!, /topics: \[orders\]/);
});

Deno.test("--probe wants the lag of what the topology reads, or of the topics that are named", async () => {
  const registry = new Registry();
  for (
    const [name, labelNames] of [
      ["kos_consumer_lag_records", ["topic"]],
      ["kos_streams_records_processed_total", []],
      ["kos_load", []],
    ] as const
  ) {
    new Gauge({ name, help: "h", labelNames: [...labelNames], registers: [registry] })
      .set(name === "kos_consumer_lag_records" ? { topic: "orders" } : {}, 7);
  }
  const server = await serveMetrics({ registry, host: "127.0.0.1", port: 0 });
  try {
    const [code, lines] = await done("--probe", server.url, "--within", "0s");
    assertEquals([code, lines[1]], [
      0,
      'ok       kos_consumer_lag_records{topic="orders"}: kos_consumer_lag_records{topic="orders"} 7',
    ]);
    const [other, said] = await done(
      "--probe",
      server.url,
      "--probe-topics",
      "orders, parcels",
      "--within",
      "0s",
    );
    assertEquals([other, said[2]], [
      1,
      'missing  kos_consumer_lag_records{topic="parcels"}: not among 3 series',
    ]);
  } finally {
    await server.close();
  }
});

Deno.test("a flag without the one that it belongs to is refused, rather than the program started", async () => {
  for (
    const [args, flag, other] of [
      [["--execute"], "--execute", "--reset"],
      [["--reset-to", "latest"], "--reset-to", "--reset"],
      [["--probe-topics", "orders"], "--probe-topics", "--probe"],
    ] as const
  ) {
    await assertRejects(() => done(...args), UsageError, `Cannot use ${flag}: received no ${other}`);
  }
  await assertRejects(() => done("--probe", "http://localhost:1", "--reset"), UsageError, "received both");
  for (const url of ["kstreams:9001", "localhost", "ftp://x"]) {
    await assertRejects(
      () => done("--probe", url),
      UsageError,
      "expected a URL such as http://localhost:9001",
    );
  }
});
