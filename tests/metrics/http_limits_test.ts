import { assertEquals, assertMatch } from "@std/assert";
import type { HttpLimits } from "../../src/metrics/http_limits.ts";
import { type HttpServer, type RouteHandler, serveHttp } from "../../src/metrics/http_server.ts";
import { answerTo, RawConnection } from "../support/raw_http.ts";

/** A server with small limits, and what it told of errors. */
async function limited(
  limits: HttpLimits,
  handler: RouteHandler,
  run: (server: HttpServer) => Promise<void>,
): Promise<unknown[]> {
  const errors: unknown[] = [];
  const server = await serveHttp({
    name: "a test",
    host: "127.0.0.1",
    port: 0,
    portFlag: "--port",
    limits,
    onError: (error) => errors.push(error),
    handler,
  });
  try {
    await run(server);
  } finally {
    await server.close();
  }
  return errors;
}

const GET = "GET / HTTP/1.1\r\nHost: localhost\r\n";
const well = (): Response => new Response("well");
/** Reads all of a body, as what is asked to change something does. */
const reading = async (request: Request): Promise<Response> =>
  new Response(`${(await request.text()).length}`);

Deno.test("http limits: a connection that asks nothing, or never ends its headers, is cut off", async () => {
  const errors = await limited({ headersMs: 100 }, well, async ({ port }) => {
    for (const text of ["", "GET", GET]) assertMatch(await answerTo(port, text), /^HTTP\/1\.1 408 |^$/);
    // A byte now and then does not keep it either.
    using slow = await RawConnection.to(port);
    await slow.send(GET);
    let gone = false;
    const answer = slow.received().finally(() => gone = true);
    while (!gone) {
      await Promise.race([
        answer,
        slow.send("a: b\r\n").then(() => new Promise((on) => setTimeout(on, 20))),
      ]);
    }
    assertMatch(await answer, /^HTTP\/1\.1 408 |^$/);
  });
  assertEquals(errors, []);
});

Deno.test("http limits: a body that does not come is cut off, and whoever reads it sees no more of it", async () => {
  const broken = Promise.withResolvers<unknown>();
  const handler = async (request: Request): Promise<Response> => {
    try {
      return await reading(request);
    } catch (error) {
      broken.resolve(error);
      throw error;
    }
  };
  const errors = await limited({ requestMs: 200, headersMs: 100 }, handler, async ({ port, url }) => {
    const head = "POST / HTTP/1.1\r\nHost: localhost\r\n";
    for (const body of ["Content-Length: 100\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"]) {
      assertMatch(await answerTo(port, head + body), /^HTTP\/1\.1 408 |^$/);
    }
    await broken.promise;
    assertEquals(await (await fetch(url, { method: "POST", body: "abc" })).text(), "3");
  });
  assertEquals(errors, [], "who has gone is no error");
});

Deno.test("http limits: a connection serves several requests, and is closed when there are no more", async () => {
  await limited({ idleMs: 100 }, well, async ({ port }) => {
    using connection = await RawConnection.to(port);
    for (let i = 0; i < 3; i++) {
      await connection.send(`${GET}\r\n`);
      assertMatch(await connection.received((text) => text.endsWith("well")), /^HTTP\/1\.1 200 /);
    }
    assertEquals(await connection.received(), "");
  });
});

Deno.test("http limits: a handler that takes too long is answered for", async () => {
  const never = Promise.withResolvers<Response>();
  await limited({ answerMs: 50 }, () => never.promise, async ({ url }) => {
    const answer = await fetch(url);
    assertEquals([answer.status, await answer.json()], [503, { error: "Cannot answer in time; try again" }]);
  });
  never.resolve(well());
});

Deno.test("http limits: who takes nothing of an answer, or of events, is cut off", async () => {
  const gone = Promise.withResolvers<void>();
  const much = new Uint8Array(30_000_000);
  const handler = (_: Request, { pathname }: URL): Response => {
    if (pathname === "/large") return new Response(much);
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(much.subarray(0, 1_000_000)),
      cancel: () => gone.resolve(),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  const errors = await limited({ answerMs: 200 }, handler, async ({ port }) => {
    using events = await RawConnection.to(port);
    await events.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await gone.promise;
    using large = await RawConnection.to(port);
    await large.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await until(() => large.send(GET).then((isThere) => !isThere));
  });
  assertEquals(errors, []);
});

Deno.test("http limits: who asks is answered while others hold all connections", async () => {
  for (const limits of [{ connectionsOfOne: 3 }, { connections: 3 }]) {
    await limited(limits, well, async ({ port }) => {
      using stack = new DisposableStack();
      const held = [];
      for (let i = 0; i < 3; i++) held.push(stack.use(await RawConnection.to(port)));
      for (const each of held) {
        await each.send(`${GET}\r\n`);
        assertMatch(await each.received((text) => text.endsWith("well")), /^HTTP\/1\.1 200 /);
      }
      using another = await RawConnection.to(port);
      await another.send(`${GET}\r\n`);
      assertMatch(await another.received((text) => text.endsWith("well")), /^HTTP\/1\.1 200 /);
      assertEquals(await held[0]!.received(), "", JSON.stringify(limits));
    });
  }
});

Deno.test("http limits: requests sent ahead are answered one by one, far ahead they cut the connection off", async () => {
  let atOnce = 0;
  let most = 0;
  const slow = async (): Promise<Response> => {
    most = Math.max(most, ++atOnce);
    await new Promise((resolve) => setTimeout(resolve, 1));
    atOnce--;
    return well();
  };
  const errors = await limited({}, slow, async ({ port, url }) => {
    const answers = await answerTo(port, `${GET}\r\n`.repeat(3) + `${GET}Connection: close\r\n\r\n`);
    assertEquals(answers.match(/HTTP\/1\.1 200 /g)?.length, 4);
    await answerTo(port, `${GET}\r\n`.repeat(1_000));
    assertEquals(await (await fetch(url)).text(), "well");
  });
  assertEquals([most, errors], [1, []]);
});

/** Waits until it is so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!await isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}
