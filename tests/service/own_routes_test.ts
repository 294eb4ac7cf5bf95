import { assertEquals, assertThrows } from "@std/assert";
import { Registry } from "../../src/metrics/prom_client.ts";
import { serveMetrics } from "../../src/metrics/server.ts";
import { ownRoutes } from "../../src/service/own_routes.ts";

Deno.test("a program's own paths are read with GET, and the root is one path only", async () => {
  const routes = ownRoutes({
    "/": () => new Response("hello"),
    "/by/": (_, url) => new Response(url.pathname),
  });
  const server = await serveMetrics({ registry: new Registry(), host: "127.0.0.1", port: 0, routes });
  const ask = async (path: string, method = "GET"): Promise<[number, string]> => {
    const answer = await fetch(`${server.url}${path}`, { method });
    return [answer.status, await answer.text()];
  };
  try {
    assertEquals(await ask("/"), [200, "hello"]);
    assertEquals(await ask("/by/name"), [200, "/by/name"]);
    assertEquals((await ask("/metricz"))[0], 404);
    assertEquals(await ask("/", "POST"), [405, '{"error":"/ is read with GET; received POST"}\n']);
  } finally {
    await server.close();
  }
});

Deno.test("a path that every service has, or without a slash, is refused", () => {
  const answer = (): Response => new Response();
  for (const path of ["/metrics", "/stores", "/stores/", "/stores/mine", "/healthz", "/readyz"]) {
    assertThrows(
      () => ownRoutes({ [path]: answer }),
      TypeError,
      `Cannot serve ${path}: received a path that`,
    );
  }
  assertThrows(() => ownRoutes({ "/page/mine": answer }, ["/page"]), TypeError, "Cannot serve /page/mine");
  assertEquals(Object.keys(ownRoutes({ "/page": answer })), ["/page"]);
  assertThrows(() => ownRoutes({ page: answer }), TypeError, "does not begin with a /");
  assertEquals(Object.keys(ownRoutes({ "/storesroom": answer })), ["/storesroom"]);
});
