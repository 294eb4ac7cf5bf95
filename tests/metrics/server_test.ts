import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { get } from "node:http";
import { Gauge, Registry } from "prom-client";
import { CannotListen } from "../../src/metrics/http_server.ts";
import { type MetricsServer, type MetricsServerOptions, serveMetrics } from "../../src/metrics/server.ts";
import { serving } from "../support/serving.ts";

async function served(
  options: Partial<MetricsServerOptions>,
  run: (server: MetricsServer) => Promise<void>,
): Promise<void> {
  const server = await serveMetrics({ registry: new Registry(), host: "127.0.0.1", port: 0, ...options });
  try {
    await run(server);
  } finally {
    await server.close();
  }
}

async function ask(url: string, init?: RequestInit): Promise<{ status: number; type: string; text: string }> {
  const answer = await fetch(url, init);
  return { status: answer.status, type: answer.headers.get("content-type") ?? "", text: await answer.text() };
}

Deno.test("metrics server: /metrics in Prometheus' text format", async () => {
  const registry = new Registry();
  new Gauge({ name: "kos_test", help: "h", registers: [registry] }).set(3);
  await served({ registry }, async ({ url }) => {
    const answer = await ask(`${url}/metrics`);
    assertEquals(answer.status, 200);
    assertEquals(answer.type, "text/plain; version=0.0.4; charset=utf-8");
    assertStringIncludes(answer.text, "# TYPE kos_test gauge\nkos_test 3\n");
  });
});

Deno.test("metrics server: /metrics is compressed for who takes that, and for nobody else", async () => {
  const registry = new Registry();
  const gauge = new Gauge({ name: "kos_test", help: "h", labelNames: ["partition"], registers: [registry] });
  for (let i = 0; i < 1_000; i++) gauge.set({ partition: String(i) }, i);
  await served({ registry }, async ({ port }) => {
    const plain = await raw(port, "identity");
    assertStringIncludes(plain.head, "vary: accept-encoding");
    assertStringIncludes(text(plain.body), 'kos_test{partition="999"} 999\n');
    for (const accepted of ["gzip", "deflate, GZIP;q=0.5", "*"]) {
      const zipped = await raw(port, accepted);
      assertStringIncludes(zipped.head, "content-encoding: gzip");
      assert(10 * zipped.body.length < 3 * plain.body.length, `${accepted}: ${zipped.body.length} bytes`);
      const stream = new Blob([zipped.body]).stream().pipeThrough(new DecompressionStream("gzip"));
      assertEquals(await new Response(stream).text(), text(plain.body));
    }
    for (const refused of ["gzip;q=0", "*, gzip; q=0.0", "br", ""]) {
      assert(!(await raw(port, refused)).head.includes("content-encoding"), refused);
    }
  });
});

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** What comes over the wire: `fetch` sends an Accept-Encoding of its own, and takes the answer's away. */
async function raw(
  port: number,
  accepted: string,
): Promise<{ head: string; body: Uint8Array<ArrayBuffer> }> {
  const { promise, resolve, reject } = Promise.withResolvers<
    { head: string; body: Uint8Array<ArrayBuffer> }
  >();
  const headers = accepted === "" ? {} : { "accept-encoding": accepted };
  get({ host: "127.0.0.1", port, path: "/metrics", headers, agent: false }, async (answer) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer) chunks.push(chunk);
    const head = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`).join("\n");
    resolve({ head, body: new Uint8Array(Buffer.concat(chunks)) });
  }).on("error", reject);
  return await promise;
}

Deno.test("metrics server: health and readiness say why not", async () => {
  let reasons: string[] = ["no partitions assigned", "restoring 2 stores"];
  await served({ notReady: () => reasons, unhealthy: () => [] }, async ({ url }) => {
    const waiting = await ask(`${url}/readyz`);
    assertEquals(waiting.status, 503);
    assertEquals(JSON.parse(waiting.text), { status: "unavailable", reasons });
    assertEquals((await ask(`${url}/healthz`)).status, 200);
    reasons = [];
    assertEquals((await ask(`${url}/readyz`)).status, 200);
  });
  await served({ unhealthy: () => ["the group was lost"] }, async ({ url }) => {
    assertEquals((await ask(`${url}/healthz`)).status, 503);
  });
});

Deno.test("metrics server: more routes, also added later; the longest match answers", async () => {
  await served({ routes: { "/stores/": (_, url) => new Response(url.pathname) } }, async (server) => {
    assertEquals((await ask(`${server.url}/stores/a/b`)).text, "/stores/a/b");
    server.route("/stores/a/", () => new Response("a"));
    assertEquals((await ask(`${server.url}/stores/a/b`)).text, "a");
    const missing = await ask(`${server.url}/store`);
    assertEquals(missing.status, 404);
    assertEquals(JSON.parse(missing.text).paths, [
      "/healthz",
      "/metrics",
      "/readyz",
      "/stores/",
      "/stores/a/",
    ]);
  });
});

Deno.test("metrics server: only reading is allowed", async () => {
  await served({}, async ({ url }) => {
    const answer = await ask(`${url}/metrics`, { method: "POST" });
    assertEquals(answer.status, 405);
    assertStringIncludes(answer.text, "received POST");
    assertEquals((await ask(`${url}/metrics`, { method: "HEAD" })).status, 200);
  });
});

Deno.test("metrics server: a handler that throws gives 500 and is reported", async () => {
  const errors: unknown[] = [];
  await served({
    routes: {
      "/boom": () => {
        throw new Error("boom: a detail for the log only");
      },
    },
    onError: (error) => errors.push(error),
  }, async ({ url }) => {
    const answer = await ask(`${url}/boom`);
    assertEquals(answer.status, 500);
    assert(!answer.text.includes("detail"));
    assertStringIncludes(String(errors[0]), "boom");
  });
});

Deno.test("metrics server: a taken port names the port and the flag", async () => {
  await served({}, async ({ port }) => {
    const error = await assertRejects(
      () => serveMetrics({ registry: new Registry(), host: "127.0.0.1", port }),
      CannotListen,
    );
    assertEquals(
      error.message,
      `Cannot serve metrics on 127.0.0.1:${port}: the port is in use; choose another with --metrics-port, or 0 for any free one`,
    );
  });
});

Deno.test("http server: close ends also while an answer hangs, and frees the port", async () => {
  const hanging = Promise.withResolvers<Response>();
  const asked = Promise.withResolvers<void>();
  const server = await serving(() => {
    asked.resolve();
    return hanging.promise;
  });
  const answer = fetch(server.url).then((answer) => answer.text());
  await asked.promise;
  await Promise.all([server.close(), server.close()]);
  const again = await serving(() => new Response("again"), server.port);
  assertEquals(await (await fetch(again.url)).text(), "again");
  hanging.resolve(new Response("late"));
  assertEquals(await answer, "late");
  await again.close();
});

Deno.test("http server: a request that names no path is refused, and the next one answered", async () => {
  const server = await serving(() => new Response("well"));
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await connection.write(new TextEncoder().encode("OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n"));
  const first = new Uint8Array(1000);
  assertMatch(
    new TextDecoder().decode(first.subarray(0, await connection.read(first) ?? 0)),
    /^HTTP\/1.1 400 /,
  );
  assertEquals(await (await fetch(server.url)).text(), "well");
  await server.close();
});

Deno.test("http server: a body is read as far as the handler wants, and its answer still comes", async () => {
  const server = await serving(async (request) => {
    for await (const chunk of request.body!) return new Response(`began with ${chunk[0]}`);
    return new Response("nothing");
  });
  const answer = await fetch(server.url, { method: "PUT", body: new Uint8Array(1_000_000).fill(7) });
  assertEquals(await answer.text(), "began with 7");
  await server.close();
});

Deno.test("metrics server: server-sent events come as they are told, and who goes away is seen to have gone", async () => {
  let tell: (text: string) => void = () => {};
  const gone = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      tell = (text) => controller.enqueue(new TextEncoder().encode(text));
    },
    cancel: () => gone.resolve(),
  });
  const headers = { "content-type": "text/event-stream" };
  await served({ routes: { "/events": () => new Response(body, { headers }) } }, async ({ url }) => {
    const answer = await fetch(`${url}/events`);
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (const text of ["data: 1\n\n", "data: 2\n\n"]) {
      tell(text);
      assertEquals((await reader.read()).value, text);
    }
    await reader.cancel();
    await gone.promise;
  });
});
