import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { createLogger } from "../../src/cli/log.ts";
import { FrameGenerator } from "../../src/game/frame_generator.ts";
import type { FrameHeader } from "../../src/game/hit.ts";
import { hitFromHex } from "../../src/game/hit_codec.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC } from "../../src/game/topics.ts";
import { StreamsBuilder, TimeWindows } from "../../src/engine/mod.ts";
import { EncodeBuffer, type Serde, stringSerde } from "../../src/serde/mod.ts";
import { type Log, MemoryLog } from "../../src/kafka/mod.ts";
import { partitionFor } from "../../src/kafka/port/murmur2.ts";
import { arcadeSerdes } from "../../src/streams/sessions_topology.ts";
import type { Service } from "../../src/service/service.ts";
import { routesOf, type StoreReader, storeRoutes } from "../../src/service/store_routes.ts";
import { startStreams } from "../../src/streams/arcade.ts";
import { parseSessionKey } from "../../src/streams/session_key.ts";
import { until } from "../engine/app/app_contract.ts";

const logger = createLogger({ name: "test", level: "error" });
const PARTITIONS = 4;

async function get(url: string, init?: RequestInit) {
  const answer = await fetch(url, { redirect: "manual", ...init });
  const location = answer.headers.get("location");
  return { status: answer.status, location, body: JSON.parse(await answer.text() || "null") };
}

/** Writes answered frames and returns them. */
async function writeFrames(log: Log, count: number) {
  const { header, body } = arcadeSerdes(undefined);
  const [keys, values] = [await bound(header, "key"), await bound(body, "value")];
  const generator = new FrameGenerator({ seed: 7 });
  const producer = log.producer();
  const buffer = new EncodeBuffer();
  const frames = [];
  for (let i = 0; i < count; i++) {
    const frame = generator.next(1_700_000_000_000 + i);
    for (const topic of [REQUESTS_TOPIC, RESPONSES_TOPIC]) {
      const keyEnd = buffer.encode(keys, frame.header, 0);
      const end = buffer.encode(values, { approval: true, bytes: [...frame.hits] }, keyEnd);
      const partition = partitionFor(buffer.bytes, 0, keyEnd, PARTITIONS);
      const { bytes } = buffer;
      producer.append(topic, partition, frame.header.ts, { bytes, from: 0, to: keyEnd }, {
        bytes,
        from: keyEnd,
        to: end,
      });
    }
    frames.push(frame);
  }
  await producer.close();
  return frames;
}

async function bound<T>(serde: Serde<T>, part: "key" | "value") {
  return await serde.forTopic?.(REQUESTS_TOPIC, part) ?? serde;
}

const pathOf = ({ ts, machine, zone }: FrameHeader): string => `/stores/sessions/${ts},${machine},${zone}`;

Deno.test("sessions are read from any instance: here, or by a redirect to the one that has them", async () => {
  const log = new MemoryLog();
  await log.createTopics(
    [REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC].map((topic) => ({ topic, partitions: PARTITIONS })),
  );
  const running: Service[] = [];
  try {
    const frames = await writeFrames(log, 100);
    for (const clientId of ["one", "two"]) {
      running.push(
        await startStreams({
          log,
          logger,
          clientId,
          metrics: { port: 0, host: "127.0.0.1" },
          storesAt: { port: 0 },
          advertise: "127.0.0.1",
        }),
      );
    }
    await until(
      "shared",
      () =>
        running.every(({ app }) =>
          app.ready && app.tasks.length === 2 && app.taskEndpoints.size === PARTITIONS
        ),
    );
    const url = (i: number): string => running[i]!.storesServer!.url;
    const count = (): number =>
      running.flatMap(({ app }) => app.stores()).filter(({ kind }) => kind === "key-value")
        .reduce((sum, { entries }) => sum + entries, 0);
    await until("all sessions", () => count() === frames.length);
    let redirects = 0;
    for (const { header, hits } of frames) {
      const answers = await Promise.all([0, 1].map((i) => get(url(i) + pathOf(header))));
      const owner = answers.findIndex(({ status }) => status === 200);
      const { task } = answers[owner]!.body;
      const expected = { store: "sessions", key: { ...header }, task };
      assertEquals(answers[owner]!.body, {
        ...expected,
        value: { hits: hits.map((hex) => ({ ...hitFromHex(hex)! })) },
      });
      const instance = `127.0.0.1:${running[owner]!.storesServer!.port}`;
      assertEquals(answers[1 - owner], {
        status: 307,
        location: `http://${instance}${pathOf(header)}`,
        body: { ...expected, instance },
      });
      redirects += owner;
    }
    assert(redirects > 0 && redirects < frames.length, `${redirects} of one side`);
    // As JSON too, and a client that follows gets there.
    const { header } = frames[0]!;
    const json = `/stores/sessions/${encodeURIComponent(JSON.stringify(header))}`;
    for (const i of [0, 1]) assertEquals((await get(url(i) + json, { redirect: "follow" })).status, 200);
    const nobody = await get(url(0) + pathOf({ ...header, ts: 1 }), { redirect: "follow" });
    assertEquals([nobody.status, nobody.body.error], [404, "no such key in sessions"]);
    // Lists: of this instance.
    const { body: list } = await get(`${url(0)}/stores/sessions?limit=3`);
    assertEquals([list.limit, list.entries.length], [3, 3]);
    assertEquals(Object.keys(list.entries[0]).sort(), ["key", "timestamp", "value"]);
    const { body: all } = await get(`${url(0)}/stores`);
    const sessions = all.stores.find(({ store }: { store: string }) => store === "sessions");
    assertEquals(sessions.tasks.map(({ task }: { task: string }) => task), running[0]!.app.tasks);
    assertEquals(sessions.kind, "key-value");
    const instances = running.map(({ storesServer }) => `127.0.0.1:${storesServer!.port}`);
    assertEquals(Object.keys(all.instances).sort(), instances.sort());
    // Where they were is said where they are.
    for (const path of ["/stores", pathOf(header)]) {
      const { status, body } = await get(running[0]!.server!.url + path);
      const at = `127.0.0.1:${running[0]!.storesServer!.port}`;
      assertEquals([status, body], [404, {
        error: `Cannot show the stores here: they are at http://${at}/stores`,
      }]);
    }
  } finally {
    for (const each of running) await each.close();
    await log.close();
  }
});

/** Routes over an application that answers as told. */
function routes(
  answer: Awaited<ReturnType<StoreReader["queryStore"]>>,
  state: StoreReader["state"] = "running",
  parseKey: (text: string) => unknown = parseSessionKey,
) {
  const app = {
    state,
    taskEndpoints: new Map(),
    stores: () => [],
    storeEntries: () => Promise.resolve([]),
    queryStore: () => Promise.resolve(answer),
  } as unknown as StoreReader;
  const handler = storeRoutes(app, [{
    path: "sessions",
    store: "s",
    parseKey,
  }])["/stores/"]!;
  return async (path: string, method = "GET") => {
    const url = new URL(`http://here${path}`);
    const answer = await handler(new Request(url, { method }), url);
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  };
}

Deno.test("what can't be answered now says why, and to ask again", async () => {
  const path = "/stores/sessions/1,000042,EU";
  for (
    const [answer, error] of [
      [{ kind: "restoring", task: "0_1" }, "task 0_1 is being restored"],
      [{ kind: "unknown", task: "0_1" }, "--advertise"],
      [{ kind: "elsewhere", task: "0_1", endpoint: "a:9001" }, "start it with --stores-port"],
      [
        { kind: "elsewhere", task: "0_1", endpoint: "a:9001|evil.example/?:1" },
        "start it with --stores-port",
      ],
    ] as const
  ) {
    const { status, headers, body } = await routes(answer)(path);
    assertEquals([status, headers.get("retry-after"), body.task], [503, "1", "0_1"]);
    assertStringIncludes(body.error, error);
  }
  const closing = await routes({ kind: "restoring", task: "0_1" }, "closing")(path);
  assertEquals([closing.status, closing.body.error], [503, "the application is closing"]);
});

Deno.test("wrong addresses are refused with what would be right", async () => {
  const ask = routes({ kind: "local", task: "0_0", value: null });
  const wrong = await ask("/stores/nonsense/1");
  assertEquals([wrong.status, wrong.body], [404, { error: "no such store: nonsense", stores: ["sessions"] }]);
  for (
    const path of [
      "/stores/sessions/x",
      "/stores/sessions/%7Bx",
      "/stores/sessions/%E0%A4%A",
      "/stores/sessions?limit=no",
    ]
  ) {
    assertEquals((await ask(path)).status, 400, path);
  }
  assertEquals((await ask("/stores/sessions/1,000042,EU", "PUT")).status, 405);
});

Deno.test("stores that can be read are served by their names and keys of text, unless it is said how", () => {
  const text = { key: stringSerde(), value: stringSerde() };
  const builder = new StreamsBuilder();
  const grouped = builder.stream("words", text).groupByKey(text);
  const latest = { value: stringSerde(), name: "latest" };
  grouped.aggregate(() => "", (_key, word) => word, latest);
  grouped.windowedBy(TimeWindows.ofSizeWithNoGrace(10)).aggregate(() => "", (_key, word) => word, {
    value: stringSerde(),
    name: "windows",
  });
  const topology = builder.build();
  const routes = routesOf(topology, [{ store: "latest", path: "now", parseKey: Number }]);
  assertEquals(routes.map(({ store, path }) => [store, path]), [["latest", "now"], ["windows", "windows"]]);
  assertEquals(routes.map(({ parseKey }) => parseKey("1")), [1, "1"]);
  assertThrows(
    () => routesOf(topology, [{ store: "nonsense" }]),
    TypeError,
    "received a name that is not one of latest, windows",
  );
});

Deno.test("keys and values that are bigints are answered as their digits", async () => {
  const ask = routes({ kind: "local", task: "0_0", value: { count: 2n ** 60n } }, "running", BigInt);
  const { status, body } = await ask("/stores/sessions/9007199254740993");
  assertEquals([status, body.key, body.value], [200, "9007199254740993", { count: "1152921504606846976" }]);
});

Deno.test("what a store's own reading of a key throws is the address's fault", async () => {
  const ask = routes({ kind: "local", task: "0_0", value: null }, "running", (text) => BigInt(text));
  const { status, body } = await ask("/stores/sessions/x");
  assertEquals(status, 400);
  assertStringIncludes(body.error, "Cannot read a key of sessions: received x; ");
});
