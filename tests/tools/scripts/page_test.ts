import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { sumOfSeries } from "../../../src/metrics/metrics_text.ts";
import type { HttpServer } from "../../../src/metrics/http_server.ts";
import { jsonResponse } from "../../../src/metrics/json_response.ts";
import { EventReader } from "../../dashboard/event_reader.ts";
import { serving } from "../../support/serving.ts";
import { statusAs } from "../../support/status_as.ts";

const PAGE = new URL("../../../scripts/page.ts", import.meta.url).pathname;

/** What other machines bring. */
const TOKEN = "a-token-of-the-test";

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=page", PAGE, ...args],
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function failing(args: readonly string[]): Promise<string> {
  const { code, stderr } = await start(args).output();
  assertEquals(code, 2, args.join(" "));
  return new TextDecoder().decode(stderr);
}

Deno.test("page: what is to be read has to be named, in a form that can be", async () => {
  assertStringIncludes(await failing([]), "received neither --prometheus nor --instances");
  assertStringIncludes(await failing(["--instances", "localhost"]), "expected hosts and ports");
  assertStringIncludes(await failing(["--prometheus", "localhost:9090"]), "expected a URL");
  await failing(["--prometheus", "http://localhost:9090", "--instances", "localhost:9001"]);
  const bounds = ["--instances", "localhost:9001", "--min", "4", "--max", "2"];
  assertStringIncludes(await failing(bounds), "received --max 2 below --min 4");
  const open = ["--instances", "localhost:9001", "--host", "0.0.0.0"];
  assertStringIncludes(await failing(open), "give one by --token-file or KOS_PAGE_TOKEN");
});

Deno.test("page: it shows the instances that are named, and ends by SIGTERM", async () => {
  const instance = await serving(() => new Response("kos_load 0.25\n"));
  const child = start(["--instances", `127.0.0.1:${instance.port}`, "--port", "0"]);
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const { value } = await lines.read();
    assertMatch(value!, /^the page is at http:\/\/localhost:\d+\n$/);
    const viewer = new EventReader(await fetch(`${value!.slice("the page is at ".length).trim()}/events`));
    for (;;) {
      const { event, data } = (await viewer.next())!;
      if (event !== "snapshot") continue;
      assertEquals(data.instances, [{
        name: `127.0.0.1:${instance.port}`,
        ready: true,
        partitions: [],
        load: 0.25,
      }]);
      break;
    }
    await viewer.leave();
    child.kill("SIGTERM");
    assertEquals((await child.status).code, 0);
  } finally {
    await lines.cancel();
    await child.stderr.cancel();
    await instance.close();
  }
});

/** What an instance serves that gets more than it can process; of two, either is enough for a half. */
const OVERLOADED = `kos_capacity_records_per_second 10000
kos_start_seconds 4
kos_streams_store_entries{store="sessions"} 500
kos_streams_records_restored_total 60000
kos_streams_restoring_seconds_total 2
${
  [0, 1].map((partition) =>
    `kos_consumer_lag_records{topic="in",partition="${partition}"} 0\n` +
    `kos_arrival_records_per_second{topic="in",partition="${partition}"} 9000\n`
  ).join("")
}`;

/** A Prometheus that has those of one pod, at each time that it is asked for. */
async function prometheus(request: Request): Promise<Response> {
  const form = new URLSearchParams(await request.text());
  const [start, end, step] = ["start", "end", "step"].map((name) => Number(form.get(name)));
  const times: number[] = [];
  for (let at = start!; at <= end!; at += step!) times.push(at);
  const lines = form.get("query")!.startsWith("{__name__") ? OVERLOADED.trim().split("\n") : [];
  const result = lines.map((line) => {
    const [, __name__, labels = "", value] = /^(\w+)(?:\{(.*)\})? (.*)$/.exec(line)!;
    const named = [...labels.matchAll(/(\w+)="(\w+)"/g)].map(([, name, value]) => [name!, value!]);
    const metric = { __name__, pod: "app-0", ...Object.fromEntries(named) };
    return { metric, values: times.map((at) => [at, value]) };
  });
  return jsonResponse({ status: "success", data: { resultType: "matrix", result } });
}

/** Asks again and again, until it is so. */
async function until<T>(ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const SOURCES: Record<string, readonly [flag: string, of: (server: HttpServer) => string]> = {
  "instances": ["--instances", ({ port }) => `127.0.0.1:${port}`],
  "a Prometheus": ["--prometheus", ({ port }) => `http://127.0.0.1:${port}`],
};

for (const [name, [flag, of]] of Object.entries(SOURCES)) {
  Deno.test(`page: of ${name} it recommends a number over HTTP, and keeps it while that is down`, async () => {
    const source = await serving((request, { pathname }) =>
      pathname.startsWith("/api/") ? prometheus(request) : new Response(OVERLOADED)
    );
    const child = start([flag, of(source), "--port", "0", "--host", "0.0.0.0"], { KOS_PAGE_TOKEN: TOKEN });
    const [lines, log] = [child.stdout, child.stderr].map((stream) =>
      stream.pipeThrough(new TextDecoderStream()).getReader()
    ) as [ReadableStreamDefaultReader<string>, ReadableStreamDefaultReader<string>];
    try {
      const port = Number(/:(\d+)\n/.exec((await lines.read()).value!)![1]);
      const scaling = async () => await (await fetch(`http://127.0.0.1:${port}/scaling`)).json();
      const metrics = async () => await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const { running, decisions, inputs } = await until(
        scaling,
        ({ replicas, problem }) => replicas !== undefined && problem === undefined,
      );
      const reason =
        "Go from 1 to 2: the most loaded instance gets 18,000 records/s of the 10,000 that it can " +
        "process; with 2 it gets 9,000.";
      assertEquals([running, decisions.length, decisions[0].reason], [1, 1, reason]);
      const { capacity, stateEntries, restoreRate, startSeconds } = inputs;
      assertEquals([capacity, stateEntries, restoreRate, startSeconds], [10_000, 500, 30_000, 4]);
      assertEquals(sumOfSeries(await metrics(), "kos_recommended_replicas"), 2);
      for (let said = ""; !said.includes(`INFO  page: ${reason} replicas=2`);) {
        const { value, done } = await log.read();
        assertEquals(done, false, said);
        said += value;
      }
      // Whoever scales by it comes from elsewhere, with the token.
      const headers = { authorization: `Bearer ${TOKEN}` };
      const statuses = [
        await statusAs(port, "/scaling", "kos-page:8080", { headers }),
        await statusAs(port, "/scaling", "kos-page:8080"),
        await statusAs(port, "/", "kos-page"),
      ];
      assertEquals(statuses, [200, 401, 401]);
      await source.close();
      const kept = await until(scaling, ({ problem }) => problem !== undefined);
      assertEquals([kept.replicas, kept.running], [2, undefined]);
      assertMatch(kept.reason, /^Keep 2, as of 20.*: Cannot read /);
      assertEquals(sumOfSeries(await metrics(), "kos_recommended_replicas"), 2);
    } finally {
      child.kill("SIGTERM");
      await child.status;
      await Promise.all([lines.cancel(), log.cancel()]);
      await source.close();
    }
  });
}
