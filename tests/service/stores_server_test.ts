import { assertEquals, assertStringIncludes } from "@std/assert";
import { BearerToken } from "../../src/metrics/bearer_token.ts";
import {
  movedStores,
  serveStores,
  type StoresAddress,
  type StoresServer,
} from "../../src/service/stores_server.ts";
import { silentLogger } from "../../src/cli/log.ts";
import { shoutLog, shoutService } from "../support/shout_service.ts";
import { statusAs } from "../support/status_as.ts";

const TOKEN = "a-token-of-the-test";

async function served(
  options: Partial<StoresAddress>,
  run: (server: StoresServer) => Promise<void>,
): Promise<void> {
  const server = await serveStores({ port: 0, ...options }, silentLogger);
  server.route("/stores", () => new Response("all"));
  try {
    await run(server);
  } finally {
    await server.close();
  }
}

Deno.test("stores server: without a token this machine reads, by its own name and with no other page's help", async () => {
  await served({}, async ({ port, url }) => {
    assertEquals(await (await fetch(`${url}/stores`)).text(), "all");
    assertEquals(await statusAs(port, "/stores", "localhost", { method: "PUT" }), 405);
    assertEquals(await statusAs(port, "/stores", "evil.example"), 403);
    assertEquals(
      await statusAs(port, "/stores", "localhost", { headers: { origin: "http://localhost:1" } }),
      403,
    );
    assertEquals(await statusAs(port, "/", "localhost"), 404);
  });
});

Deno.test("stores server: with a token it is asked of everybody, under any name", async () => {
  const source = { value: TOKEN, variable: "KOS_STORES_TOKEN", flag: "--stores-token-file" };
  await served({ token: await BearerToken.open(source) }, async ({ port, url }) => {
    const refused = await fetch(`${url}/stores`);
    assertEquals([refused.status, refused.headers.get("www-authenticate")], [401, 'Basic realm="kos"']);
    assertStringIncludes((await refused.json()).error, "KOS_STORES_TOKEN");
    const headers = { authorization: `Bearer ${TOKEN}` };
    assertEquals(await statusAs(port, "/stores", "kstreams-0.kos", { headers }), 200);
    assertEquals(
      await statusAs(port, "/stores", "kstreams-0.kos", { headers: { authorization: "Bearer x" } }),
      401,
    );
  });
});

Deno.test("stores server: a service has none unless it is asked for, and its metrics port says how", async () => {
  const log = await shoutLog();
  const service = await shoutService(log);
  try {
    assertEquals(service.storesServer, undefined);
    for (const path of ["/stores", "/stores/a/b"]) {
      const answer = await fetch(service.server!.url + path);
      const { error } = await answer.json();
      assertEquals([answer.status, error], [
        404,
        "Cannot show the stores here: they are off; start with --stores-port 9021",
      ]);
    }
  } finally {
    await service.close();
    await log.close();
  }
});

Deno.test("stores server: the metrics port says where they are, and has none of them", async () => {
  const url = new URL("http://localhost/stores");
  const answer = await movedStores("a:9021")["/stores"]!(new Request(url), url);
  assertEquals(await answer.json(), {
    error: "Cannot show the stores here: they are at http://a:9021/stores",
  });
});
