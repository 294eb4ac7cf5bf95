/** Pages of other origins in a real browser, at a real generator, a service with its stores, and a live page. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { silentLogger } from "../../src/cli/log.ts";
import { servePage } from "../../src/dashboard/serve_page.ts";
import { serveControl } from "../../src/datagen/control.ts";
import { type RunningGenerator, startGenerator } from "../../src/datagen/generator.ts";
import { MemoryLog } from "../../src/kafka/mod.ts";
import { BearerToken } from "../../src/metrics/bearer_token.ts";
import { type HttpServer, serveHttp } from "../../src/metrics/http_server.ts";
import { startStreams } from "../../src/streams/arcade.ts";
import { arcadeSerdes } from "../../src/streams/sessions_topology.ts";
import { until } from "../engine/app/app_contract.ts";
import { serving } from "../support/serving.ts";
import { BROWSER, browserTest, launch, PATIENCE_MS } from "./browser.ts";
import { snapshot, ToldSource } from "./told_source.ts";

/** A name that is made to lead to this machine, as a page's owner can do with his own. */
const REBOUND = "rebound.example";
/** Where a page is that is served by somebody else on this machine. */
const ELSEWHERE = "http://localhost:3000";
const ARGUMENTS = [
  `--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`,
  // What browsers keep from loopback by themselves is not what is tested: others do not.
  "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
];

let started: Browser | undefined;

if (BROWSER !== undefined) Deno.test.afterAll(() => started?.close());

/** One for all of them; another one where that has gone. */
async function theBrowser(): Promise<Browser> {
  if (!started?.isConnected()) started = await launch(ARGUMENTS);
  return started;
}

/** A profile of its own, in which all is waited for as long as a busy machine may take. */
async function contextOf(browser: Browser): Promise<BrowserContext> {
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE_MS);
  return context;
}

/** As fast as this the generator writes, whatever is tried. */
const RATE = 50;

/** What is tried to get at. */
interface Victims {
  readonly control: HttpServer;
  readonly metrics: HttpServer;
  readonly stores: HttpServer;
  readonly page: HttpServer;
  readonly generator: RunningGenerator;
  /** Rates that the page was asked for. */
  readonly asked: number[];
}

async function withVictims(run: (victims: Victims) => Promise<void>): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const log = new MemoryLog();
  stack.defer(() => log.close());
  const stop = new AbortController();
  const serdes = arcadeSerdes(undefined);
  const generator = await startGenerator({ log, serdes, rate: RATE, signal: stop.signal });
  stack.defer(async () => {
    stop.abort();
    await generator.done;
  });
  const control = await serveControl({ throughput: () => generator, port: 0 });
  stack.defer(() => control.close());
  const service = await startStreams({
    log,
    logger: silentLogger,
    clientId: "one",
    metrics: { port: 0, host: "127.0.0.1" },
    storesAt: { port: 0 },
  });
  stack.defer(() => service.close());
  const asked: number[] = [];
  const source = new ToldSource({ setRate: (rate) => void asked.push(rate) });
  source.tell(snapshot(1_000));
  const page = await servePage({ source, port: 0 });
  stack.defer(() => page.close());
  await until(
    "there are sessions",
    () => service.app.stores().some(({ store, entries }) => store && entries > 0),
  );
  const { server, storesServer } = service;
  await run({ control, metrics: server!, stores: storesServer!, page, generator, asked });
}

/** What a page tried, by how it did, with what it got to see. */
type Loot = Readonly<Record<string, string>>;

/** All that a page can do at an address without asking its user, and what it sees of the answer. */
async function attack(page: Page, url: string): Promise<Loot> {
  return await page.evaluate(async (url) => {
    // deno-lint-ignore no-explicit-any
    const { document, EventSource } = globalThis as any;
    const body = '{"action":"rate","rate":99}';
    const tried = async (init: RequestInit): Promise<string> => {
      try {
        const answer = await fetch(url, init);
        const reader = answer.body?.getReader();
        const text = new TextDecoder().decode((await reader?.read())?.value);
        await reader?.cancel();
        return `${answer.type} ${answer.status} ${text}`;
      } catch {
        return "refused";
      }
    };
    const element = (name: string, attributes: Record<string, string>): Promise<string> =>
      new Promise((resolve) => {
        const made = Object.assign(document.createElement(name), attributes);
        made.onload = () => {
          // A frame that was refused is one of another origin.
          const inside = made.contentDocument?.body?.innerText;
          resolve(inside ? `loaded ${inside}` : name === "iframe" ? "refused" : "loaded");
        };
        made.onerror = () => resolve("refused");
        document.body.append(made);
      });
    const posted = (type: string, value: string): Promise<string> =>
      new Promise((resolve) => {
        const frame = Object.assign(document.createElement("iframe"), { name: `frame-${Math.random()}` });
        const form = Object.assign(document.createElement("form"), {
          method: "POST",
          action: url,
          enctype: type,
          target: frame.name,
        });
        const field = Object.assign(document.createElement("input"), { name: value, value: '"}' });
        document.body.append(frame, form);
        form.append(field);
        frame.onload = () => {
          // What is inside a frame of another origin can't be asked for.
          const inside = frame.contentDocument?.body?.innerText;
          if (frame.contentDocument?.URL !== "about:blank") resolve(inside ? `loaded ${inside}` : "refused");
        };
        form.submit();
      });
    const events = (): Promise<string> =>
      new Promise((resolve) => {
        const source = new EventSource(url);
        const end = (what: string) => {
          source.close();
          resolve(what);
        };
        for (const type of ["message", "hello", "snapshot"]) {
          source.addEventListener(type, ({ data }: { data: string }) => end(`told ${data}`));
        }
        source.onerror = () => end("refused");
      });
    const ways: Record<string, () => Promise<string>> = {
      "fetch": () => tried({}),
      "fetch with credentials": () => tried({ credentials: "include" }),
      "fetch without CORS": () => tried({ mode: "no-cors" }),
      "PUT": () => tried({ method: "PUT", body: '{"rate":99}' }),
      "DELETE": () => tried({ method: "DELETE" }),
      "POST of JSON": () => tried({ method: "POST", body, headers: { "content-type": "application/json" } }),
      "POST without CORS": () => tried({ method: "POST", body, mode: "no-cors" }),
      "form": () => posted("application/x-www-form-urlencoded", "rate"),
      "form of text": () => posted("text/plain", '{"action":"rate","rate":99,"more":"'),
      "image": () => element("img", { src: url }),
      "script": () => element("script", { src: url }),
      "frame": () => element("iframe", { src: url }),
      "events": () => events(),
    };
    const loot: Record<string, string> = {};
    for (const [way, go] of Object.entries(ways)) {
      // What is answered for ever is not refused.
      const late = new Promise<string>((resolve) => setTimeout(() => resolve("not refused"), 60_000));
      loot[way] = await Promise.race([go(), late]);
    }
    return loot;
  }, url);
}

/** What was told to a page that is none of its business: all but that it was refused. */
function seen(loot: Loot): Loot {
  const nothing = /^(refused|opaque 0 |(basic|loaded) ?(403)? ?\{"error":"Cannot (show|change) [^]*)$/;
  return Object.fromEntries(Object.entries(loot).filter(([, what]) => !nothing.test(what)));
}

/** Opens a page of nobody's at an origin, without a word from whoever is there; in a profile of its own, if none is given. */
async function strangerAt(
  browser: Browser,
  origin: string,
  run: (page: Page) => Promise<void>,
  known?: BrowserContext,
): Promise<void> {
  const context = known ?? await contextOf(browser);
  const page = await context.newPage();
  try {
    await page.route(
      `${origin}/stranger`,
      (route) =>
        route.fulfill({ contentType: "text/html", body: "<!doctype html><title>stranger</title><body>" }),
    );
    await page.goto(`${origin}/stranger`);
    await run(page);
  } finally {
    await page.close();
    if (known === undefined) await context.close();
  }
}

/** All that is served, with the path that a stranger would like to have. */
function addressesOf({ control, stores, page, metrics }: Victims): readonly (readonly [number, string])[] {
  return [
    [control.port, "/throughput"],
    [stores.port, "/stores"],
    [stores.port, "/stores/sessions?limit=5"],
    [page.port, "/"],
    [page.port, "/control"],
    [page.port, "/events"],
    [metrics.port, "/metrics"],
  ];
}

browserTest("strangers in a browser: a page of another origin sees nothing and changes nothing", async () => {
  const browser = await theBrowser();
  await withVictims(async (victims) => {
    for (const origin of [ELSEWHERE, `http://${REBOUND}`]) {
      await strangerAt(browser, origin, async (stranger) => {
        for (const [port, path] of addressesOf(victims)) {
          assertEquals(
            seen(await attack(stranger, `http://127.0.0.1:${port}${path}`)),
            {},
            `${origin} at ${path}`,
          );
        }
        // Of one site with the page that is elsewhere on this machine.
        const address = `http://localhost:${victims.control.port}/throughput`;
        assertEquals(seen(await attack(stranger, address)), {}, `${origin} at ${address}`);
      });
    }
    assertEquals([victims.generator.stats().targetRate, victims.asked], [RATE, []]);
  });
});

browserTest("strangers in a browser: a name that is made to lead here is nobody's way in", async () => {
  const browser = await theBrowser();
  await withVictims(async (victims) => {
    for (const [port, path] of addressesOf(victims)) {
      // The metrics are anybody's, under any name.
      if (path === "/metrics") continue;
      await strangerAt(browser, `http://${REBOUND}:${port}`, async (stranger) => {
        assertEquals(seen(await attack(stranger, `http://${REBOUND}:${port}${path}`)), {}, path);
      });
    }
    assertEquals([victims.generator.stats().targetRate, victims.asked], [RATE, []]);
  });
});

browserTest("strangers in a browser: these are ways in where nobody is asked who he is", async () => {
  const browser = await theBrowser();
  let changes = 0;
  const open = await servedOpen(() => changes++);
  try {
    await strangerAt(browser, `http://${REBOUND}:${open.port}`, async (stranger) => {
      const loot = await attack(stranger, `http://${REBOUND}:${open.port}/`);
      for (const way of ["fetch", "PUT", "DELETE", "POST of JSON"]) {
        assertMatch(loot[way]!, /^basic 200 secret/);
      }
      for (const way of ["form", "form of text", "frame"]) assertMatch(loot[way]!, /^loaded secret/);
    });
    assertEquals(changes, 6);
    await strangerAt(browser, ELSEWHERE, async (stranger) => {
      assertEquals(seen(await attack(stranger, `http://localhost:${open.port}/`)), { script: "loaded" });
    });
    assertEquals(changes >= 9, true, `${changes} changes: what is sent without asking first`);
  } finally {
    await open.close();
  }
});

browserTest("strangers in a browser: what is opened by itself works, and a link to it does", async () => {
  const links = await serving((_, url) =>
    new Response(`<a href="${url.searchParams.get("to")}">there</a>`, {
      headers: { "content-type": "text/html" },
    })
  );
  const context = await contextOf(await theBrowser());
  try {
    await withVictims(async ({ control, stores, page, generator, asked }) => {
      const tab = await context.newPage();
      const put = (url: string, init: RequestInit): Promise<number> =>
        tab.evaluate(async ([url, init]) => (await fetch(url, init)).status, [url, init] as const);
      await tab.goto(`${control.url}/throughput`);
      assertEquals(await put("/throughput", { method: "PUT", body: '{"rate":60}' }), 200);
      assertEquals(generator.stats().targetRate, 60);
      await tab.goto(`${links.url}/?to=${encodeURIComponent(`${stores.url}/stores/sessions?limit=1`)}`);
      await tab.getByText("there").click();
      await tab.getByText('"store":"sessions"').waitFor();
      assertEquals(await put("/stores", {}), 200);
      await tab.goto(page.url);
      await tab.locator("#tiles dd").first().waitFor();
      const headers = { "content-type": "application/json" };
      const body = '{"action":"rate","rate":70}';
      assertEquals([await put("control", { method: "POST", headers, body }), asked], [200, [70]]);
    });
  } finally {
    await context.close();
    await links.close();
  }
});

browserTest(
  "strangers in a browser: who types the token is let in by another name, and no stranger with it",
  async () => {
    const password = "0123456789abcdef";
    const token = await BearerToken.open({
      value: password,
      variable: "KOS_PAGE_TOKEN",
      flag: "--token-file",
    });
    const asked: number[] = [];
    const source = new ToldSource({ setRate: (rate) => void asked.push(rate) });
    source.tell(snapshot(1_000));
    const served = await servePage({ source, token, port: 0 });
    const url = `http://${REBOUND}:${served.port}/`;
    const browser = await theBrowser();
    const context = await browser.newContext({ httpCredentials: { username: "me", password } });
    context.setDefaultTimeout(PATIENCE_MS);
    try {
      const tab = await context.newPage();
      await tab.goto(url);
      await tab.locator("#tiles dd").first().waitFor();
      const status = await tab.evaluate(async () => {
        const headers = { "content-type": "application/json" };
        const body = '{"action":"rate","rate":70}';
        return (await fetch("control", { method: "POST", headers, body })).status;
      });
      assertEquals([status, asked], [200, [70]]);
      // The browser sends what was typed whoever asks it to.
      await strangerAt(browser, ELSEWHERE, async (stranger) => {
        for (const path of ["", "control", "events"]) {
          assertEquals(seen(await attack(stranger, `${url}${path}`)), {}, path);
        }
      }, context);
      assertEquals(asked, [70]);
    } finally {
      await context.close();
      await served.close();
    }
  },
);

/** A server that asks nobody who he is, as one that is not written with care. */
async function servedOpen(changed: () => void): Promise<HttpServer> {
  const anybody = { refusal: () => Promise.resolve(undefined) } as unknown as NonNullable<
    Parameters<typeof serveHttp>[0]["access"]
  >;
  return await serveHttp({
    name: "a test",
    host: "127.0.0.1",
    port: 0,
    portFlag: "--port",
    access: anybody,
    handler: (request) => {
      if (request.method !== "GET") changed();
      return new Response("secret", { headers: { "content-type": "text/html" } });
    },
  });
}
