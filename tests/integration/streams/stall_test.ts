/**
 * Brokers that stop and die under the processes: health and readiness say so, and say when it is over. Each has a broker of its own,
 * since it is the broker's process that is stopped.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { startBroker } from "../../../scripts/support/broker.ts";
import { freePort } from "../../../scripts/support/ports.ts";
import { REQUESTS_TOPIC } from "../../../src/game/topics.ts";
import { until } from "../../engine/app/app_contract.ts";
import { createArcadeTopics, StreamsBench } from "../../support/streams_bench.ts";

/** The status of a health path and its text. */
async function asked(url: string, path: "healthz" | "readyz"): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${url}/${path}`);
  return { status: answer.status, text: await answer.text() };
}

/** Waits for a status; what came to be said of it. */
async function becomes(url: string, path: "healthz" | "readyz", status: number): Promise<string> {
  let last = "";
  await until(`${path} ${status}`, async () => {
    const answer = await asked(url, path);
    last = answer.text;
    return answer.status === status;
  }, 60_000);
  return last;
}

async function withBroker(
  body: (
    place: { bench: StreamsBench; bootstrap: string; pid: number; restart(): Promise<void> },
  ) => Promise<void>,
): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "kos-stall-" });
  let broker = await startBroker({ dataDir });
  const port = Number(broker.bootstrap.split(":")[1]);
  await createArcadeTopics(broker.bootstrap);
  const bench = new StreamsBench(broker.bootstrap, `group-${crypto.randomUUID()}`);
  try {
    await body({
      bench,
      bootstrap: broker.bootstrap,
      pid: broker.pid,
      restart: async () => {
        await broker.stop();
        broker = await startBroker({ dataDir, port });
      },
    });
  } finally {
    await bench.close();
    await broker.wipe();
  }
}

Deno.test("a broker that stops and goes on: readiness fails, then health with the reason; both recover and nothing is lost", () =>
  withBroker(async ({ bench, pid }) => {
    const one = bench.streams("one", "--stall-timeout", "3s", "--session-timeout", "30s");
    await one.ready();
    assertEquals((await asked(one.url, "healthz")).status, 200);
    const result = await bench.load(300, async (generator) => {
      await delay(1_000);
      Deno.kill(pid, "SIGSTOP");
      try {
        assertMatch(await becomes(one.url, "readyz", 503), /no broker has answered for \d+ s \(since 20/);
        assertMatch(await becomes(one.url, "healthz", 503), /no broker has answered for \d+ s \(since 20/);
        // What the gauges said before is old by now: the last value, and its age beside it.
        assertMatch(await one.metrics(), /kos_lag_age_seconds\{[^}]*partition="0"\} [1-9]/);
      } finally {
        Deno.kill(pid, "SIGCONT");
      }
      await becomes(one.url, "healthz", 200);
      await becomes(one.url, "readyz", 200);
      await until("the generator too", () => generator.stats().queued < 300, 60_000);
    });
    const { missing, wrong, lacking, example } = result;
    assertEquals({ missing, wrong, lacking, example }, {
      missing: 0,
      wrong: 0,
      lacking: 0,
      example: undefined,
    });
    const { stderr } = await one.kill("SIGTERM");
    assertMatch(stderr, /Stalled: no broker has answered for \d+ s/);
    assertMatch(stderr, /Not stalled any more/);
  }));

Deno.test("a broker that is killed and comes back: the same, and the error of the connection is named", () =>
  withBroker(async ({ bench, pid, restart }) => {
    const one = bench.streams("one", "--stall-timeout", "3s", "--session-timeout", "30s");
    await one.ready();
    const result = await bench.load(300, async (generator) => {
      await delay(1_000);
      Deno.kill(pid, "SIGKILL");
      await becomes(one.url, "readyz", 503);
      assertMatch(await becomes(one.url, "healthz", 503), /no broker has answered for \d+ s.*last error: .+/);
      // By now the lag may be anything: no series, instead of the 0 that it was.
      await until("no lag", async () => StreamsBench.owned(await one.metrics(), REQUESTS_TOPIC).length === 0);
      assertMatch(await one.metrics(), /kos_lag_age_seconds\{[^}]*partition="0"\} 1\d/);
      await restart();
      await becomes(one.url, "healthz", 200);
      await becomes(one.url, "readyz", 200);
      await until("the generator too", () => generator.stats().queued < 300, 60_000);
    });
    const { missing, wrong, lacking, example } = result;
    assertEquals({ missing, wrong, lacking, example }, {
      missing: 0,
      wrong: 0,
      lacking: 0,
      example: undefined,
    });
    await until(
      "all lags",
      async () => StreamsBench.owned(await one.metrics(), REQUESTS_TOPIC).join() === "0,1,2,3",
    );
    await one.kill("SIGTERM");
  }));

Deno.test("gen: a broker that stops: readiness, then health say that nothing is acknowledged; it goes on by itself and loses nothing", () =>
  withBroker(async ({ bootstrap, pid }) => {
    const port = freePort();
    const url = `http://127.0.0.1:${port}`;
    const main = new URL("../../../src/datagen/main.ts", import.meta.url).pathname;
    const flags = [
      "--rate",
      "200",
      "--stall-timeout",
      "3s",
      "--metrics-port",
      `${port}`,
      "--control-port",
      "off",
    ];
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-P=gen", main, ...flags, "--metrics-host", "127.0.0.1", "--json"],
      env: { KAFKA_BROKERS: bootstrap, NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const [stdout, stderr] = [new Response(child.stdout).text(), new Response(child.stderr).text()];
    try {
      await until("ready", () => asked(url, "readyz").then(({ status }) => status === 200, () => false));
      await delay(1_000);
      Deno.kill(pid, "SIGSTOP");
      assertMatch(await becomes(url, "readyz", 503), /no record was acknowledged for \d+ s/);
      assertMatch(
        await becomes(url, "healthz", 503),
        /no record was acknowledged for \d+ s .*while \d+ wait/,
      );
      Deno.kill(pid, "SIGCONT");
      await becomes(url, "healthz", 200);
      await becomes(url, "readyz", 200);
    } finally {
      Deno.kill(pid, "SIGCONT");
      child.kill("SIGTERM");
      await child.status;
    }
    assertMatch(await stderr, /Stalled: no record was acknowledged/);
    const { lost, sent } = JSON.parse(await stdout);
    assertEquals(lost, 0);
    assert(sent > 0);
  }));
