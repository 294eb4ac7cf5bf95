import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { servePage } from "../../src/dashboard/serve_page.ts";
import { CannotListen } from "../../src/metrics/http_server.ts";
import { statusAs } from "../support/status_as.ts";
import { EventReader } from "./event_reader.ts";
import { snapshot, ToldSource } from "./told_source.ts";

Deno.test("serve page: it is at localhost, tells as it goes, and takes what is posted to it", async () => {
  const rates: number[] = [];
  const source = new ToldSource({ setRate: (rate) => void rates.push(rate) });
  const server = await servePage({ source, port: 0 });
  try {
    assertMatch(server.url, /^http:\/\/localhost:\d+$/);
    const viewer = new EventReader(await fetch(`${server.url}/events`));
    await viewer.past();
    for (const atMs of [1_000, 2_000]) {
      source.tell(snapshot(atMs));
      assertEquals((await viewer.next())!.data.atMs, atMs);
    }
    const answer = await fetch(`${server.url}/control`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ action: "rate", rate: 7_000 }),
    });
    assertEquals([answer.status, await answer.json(), rates], [200, { status: "ok" }, [7_000]]);
    const stranger = await fetch(`${server.url}/etc/passwd`);
    assertEquals([stranger.status, (await stranger.json()).error], [404, "no such path: /etc/passwd"]);
    await viewer.leave();
  } finally {
    await server.close();
  }
});

Deno.test("serve page: under another name, or for another page, nothing is answered and nothing changes", async () => {
  const rates: number[] = [];
  const source = new ToldSource({ setRate: (rate) => void rates.push(rate) });
  const server = await servePage({ source, port: 0, routes: { "/scaling": () => new Response("1") } });
  const headers = { "content-type": "application/json" };
  try {
    for (const [host, site] of [["evil.example", "none"], ["localhost", "same-site"]] as const) {
      const asked = { headers: { ...headers, "sec-fetch-site": site } };
      for (const path of ["/", "/main.js", "/events", "/scaling", "/control"]) {
        assertEquals(await statusAs(server.port, path, host, asked), 403, path);
      }
      const change = { ...asked, method: "POST", body: '{"action":"rate","rate":1}' };
      assertEquals(await statusAs(server.port, "/control", host, change), 403);
    }
    assertEquals(rates, []);
  } finally {
    await server.close();
  }
});

Deno.test("serve page: closed, it leaves no viewer waiting", async () => {
  const server = await servePage({ source: new ToldSource(), port: 0 });
  const viewer = new EventReader(await fetch(`${server.url}/events`));
  await viewer.past();
  await server.close();
  assertEquals(await viewer.next(), undefined);
});

Deno.test("serve page: a port that is taken is named with its flag, and nothing is left behind", async () => {
  const first = await servePage({ source: new ToldSource(), port: 0 });
  try {
    await assertRejects(
      () => servePage({ source: new ToldSource(), port: first.port, portFlag: "--page-port" }),
      CannotListen,
      "choose another with --page-port",
    );
  } finally {
    await first.close();
  }
});
