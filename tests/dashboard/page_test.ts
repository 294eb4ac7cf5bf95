import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Page, type PageOptions } from "../../src/dashboard/page.ts";
import { MOST_VIEWERS } from "../../src/dashboard/viewers.ts";
import { EventReader } from "./event_reader.ts";
import { snapshot, ToldSource } from "./told_source.ts";

async function opened(
  run: (page: Page, source: ToldSource) => Promise<void>,
  options: PageOptions = {},
): Promise<void> {
  const source = new ToldSource();
  const page = new Page(source, options);
  try {
    await run(page, source);
  } finally {
    await page.close();
  }
}

async function ask(page: Page, path: string, headers: Record<string, string> = {}): Promise<Response> {
  const url = new URL(`http://localhost:8080${path}`);
  return await page.routes()[path]!(new Request(url, { headers: { host: url.host, ...headers } }), url);
}

async function look(page: Page, lastId?: string): Promise<EventReader> {
  return new EventReader(
    await ask(page, "/events", lastId === undefined ? {} : { "last-event-id": lastId }),
  );
}

/** Lets run what waits for nothing but its turn, and timers that are due. */
async function settled(turns = 1): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setTimeout(resolve));
}

Deno.test("page: a viewer is told what is watched, what was, that it is told, and then each thing that comes", async () => {
  await opened(async (page, source) => {
    source.tell(snapshot(1_000), snapshot(2_000));
    await settled();
    const viewer = await look(page);
    const { event, data } = (await viewer.next())!;
    assertEquals([event, data.title, data.historyMs, data.actions], ["hello", "arcade", 600_000, []]);
    assertEquals(await viewer.past(), [1_000, 2_000]);
    source.tell(snapshot(3_000));
    assertEquals((await viewer.next())!.data.atMs, 3_000);
    await viewer.leave();
  });
});

Deno.test("page: a second viewer sees the past too, and one that comes again only what it missed", async () => {
  await opened(async (page, source) => {
    const first = await look(page);
    await first.past();
    source.tell(snapshot(1_000), snapshot(2_000), snapshot(3_000));
    const { id } = (await first.next())!;
    await first.leave();
    const second = await look(page);
    assertEquals(await second.past(), [1_000, 2_000, 3_000]);
    await second.leave();
    const again = await look(page, id);
    assertEquals(await again.past(), [2_000, 3_000]);
    await again.leave();
  });
});

Deno.test("page: closed, it ends its streams and the reading of the source", async () => {
  let viewer: EventReader | undefined;
  await opened(async (page) => {
    viewer = await look(page);
    await viewer.past();
  });
  assertEquals(await viewer!.next(), undefined);
});

Deno.test("page: with a time to rest the source is asked while somebody looks on, and again for the next", async () => {
  await opened(async (page, source) => {
    assertEquals(source.asked, 0);
    for (const asked of [1, 2]) {
      const viewer = await look(page);
      assertEquals(source.asked, asked);
      await viewer.leave();
      await settled(2);
    }
  }, { restMs: 0 });
});

Deno.test("page: a source that fails is told of, and asked again when somebody comes", async () => {
  const errors: unknown[] = [];
  let asked = 0;
  const page = new Page({
    title: "broken",
    // deno-lint-ignore require-yield
    async *snapshots() {
      asked++;
      throw new Error("no numbers");
    },
  }, { onError: (error) => errors.push(error) });
  await Promise.resolve();
  const viewer = await look(page);
  assertEquals(await viewer.past(), []);
  await viewer.leave();
  await page.close();
  assertEquals(errors.length, asked);
  assertEquals(String(errors[0]), "Error: no numbers");
});

Deno.test("page: more viewers than there may be are sent away, and may come when one has gone", async () => {
  await opened(async (page) => {
    const viewers = await Promise.all(Array.from({ length: MOST_VIEWERS }, () => look(page)));
    const refused = await ask(page, "/events");
    assertEquals(refused.status, 503);
    assertStringIncludes((await refused.json()).error, `received ${MOST_VIEWERS} viewers`);
    await viewers[0]!.leave();
    const next = await ask(page, "/events");
    assertEquals(next.status, 200);
    await next.body!.cancel();
    for (const viewer of viewers.slice(1)) await viewer.leave();
  });
});

Deno.test("page: its files run nothing but themselves, and there is one for each that they name", async () => {
  await opened(async (page) => {
    const html = await ask(page, "/");
    const policy = html.headers.get("content-security-policy")!;
    assertStringIncludes(policy, "default-src 'none'; script-src 'self'; style-src 'self'");
    assertStringIncludes(policy, "frame-ancestors 'none'");
    const routes = page.routes();
    const text = await html.text();
    const open = [...text.matchAll(/(?:src|href)="([^":]+)"/g)].map(([, name]) => name!);
    assertEquals(open, ["style.css", "main.js"]);
    for (const name of open) {
      assert(`/${name}` in routes, name);
      const file = await ask(page, `/${name}`);
      assertEquals(file.headers.get("x-content-type-options"), "nosniff");
      for (const [, other] of (await file.text()).matchAll(/from "\.\/([\w.]+)"/g)) {
        if (!open.includes(other!)) open.push(other!);
      }
    }
    assert(open.length > 6, `only ${open.length} files`);
    assertEquals(text.match(/\sstyle=|\son\w+=|https?:/g), null, "the policy would not let it");
  });
});
