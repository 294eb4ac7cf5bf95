import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Browser, Page } from "playwright-core";
import type { PageControl } from "../../src/dashboard/source.ts";
import { assertAccessible, BROWSER, browserTest, launch, PHONE, WIDE, withPage } from "./browser.ts";
import { snapshot, STORY_END_MS, surgeAndCalm, ToldSource } from "./told_source.ts";

let started: Browser | undefined;

if (BROWSER !== undefined) Deno.test.afterAll(() => started?.close());

/** One for all of them; another one where that has gone. */
async function theBrowser(): Promise<Browser> {
  if (!started?.isConnected()) started = await launch();
  return started;
}

/** The surge at its worst: four instances, lag that shrinks. */
const SURGE = surgeAndCalm().slice(0, 145);

function told(control?: PageControl): ToldSource {
  const source = new ToldSource(control);
  source.tell(...SURGE);
  return source;
}

async function texts(page: Page, selector: string): Promise<string[]> {
  return (await page.locator(selector).allInnerTexts()).map((text) => text.replace(/\s+/g, " ").trim());
}

browserTest("page in a browser: it shows what the source says", async () => {
  await withPage(await theBrowser(), told(), WIDE, async (page) => {
    const last = SURGE.at(-1)!;
    const lag = last.instances.flatMap(({ partitions }) => partitions).reduce(
      (sum, each) => sum + each.lag!,
      0,
    );
    const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
    assertEquals(await page.locator("h1").innerText(), "arcade");
    assertEquals(await page.locator("#phase").innerText(), "surge");
    assertEquals(await page.locator("#link").innerText(), "● live");
    assertEquals(await texts(page, "#tiles > div"), [
      `Lag ${whole(lag)} records`,
      `Oldest record ${(lag / 20_000).toFixed(1)} s`,
      `Drained in ${last.drainSeconds!.toFixed(1)} s`,
      "Replicas 4 of 4 wanted",
      `Load ${last.instances[0]!.load!.toFixed(2)} at most`,
      `In ${whole(last.rates.in!)}/s`,
      "Processed 42,000/s",
      "Out 1,050/s",
    ]);
    assertEquals(await texts(page, "#instances h3"), ["streams-1", "streams-2", "streams-3", "streams-4"]);
    assertEquals(await texts(page, "#instances .owned"), [0, 1, 2, 3].map((n) => `RQ ${n} · RS ${n}`));
    assertEquals((await texts(page, "#sessions li"))[0], last.sessions![0]!.replace(/\s+/g, " "));
    assertEquals(await page.locator("#topology .rate").allTextContents(), [
      "21,000/s",
      "21,000/s",
      "1,050/s",
    ]);
    const [newest, first] = await texts(page, "#decisions li");
    assertMatch(newest!, /^11:52:01 1 → 4 30,\d{3} records a second arrive/);
    assertEquals(first, "11:50:01 1 1 instance carries what arrives.");
    assertEquals(await texts(page, "figure:nth-child(1) .legend .label"), [
      ...[0, 1, 2, 3].map((n) => `RQ ${n}`),
      ...[0, 1, 2, 3].map((n) => `RS ${n}`),
    ]);
    assertMatch(await page.locator("figure .marks").first().getAttribute("d") ?? "", /^M[\d.]+ 8V160$/);
  });
});

browserTest("page in a browser: what is not known is a dash, and no zero", async () => {
  const source = new ToldSource();
  source.tell(snapshot(STORY_END_MS, { problem: "Cannot read streams-1: no answer" }));
  await withPage(await theBrowser(), source, PHONE, async (page) => {
    assertEquals(await texts(page, "#tiles dd"), [
      "– records",
      "–",
      "–",
      "0 of – wanted",
      "– at most",
      "–",
      "–",
      "–",
    ]);
    assertEquals(await page.locator("#link").innerText(), "Cannot read streams-1: no answer");
    assertEquals(await page.locator("#control").isVisible(), false);
    assertEquals(await page.locator("#sessions-section").isVisible(), false);
  });
});

browserTest(
  "page in a browser: what comes is shown as it comes, and a reload and a second viewer see the past",
  async () => {
    const source = told();
    await withPage(await theBrowser(), source, WIDE, async (page, url) => {
      const before = await page.locator("figure .series").first().getAttribute("d");
      source.tell(snapshot(SURGE.at(-1)!.atMs + 1_000, { running: 7, rates: { in: 12 } }));
      await page.getByText("7 of –").waitFor();
      await page.reload();
      await page.getByText("7 of –").waitFor();
      assertEquals((await texts(page, "#decisions li")).length, 2);
      const second = await page.context().newPage();
      await second.goto(url);
      await second.getByText("7 of –").waitFor();
      assert((await second.locator("figure .series").first().getAttribute("d"))!.length > before!.length / 2);
    });
  },
);

browserTest(
  "page in a browser: slider and buttons change what they say, by pointer and by keyboard",
  async () => {
    const done: unknown[] = [];
    const source = told({
      maxRate: 40_000,
      setRate: (rate) => void done.push(rate),
      surge: () => void done.push("surge"),
      burst: () => void done.push("burst"),
      addInstance: () => void done.push("add"),
      killInstance: (name) => void done.push(`kill ${name}`),
    });
    await withPage(await theBrowser(), source, WIDE, async (page) => {
      const said = page.locator("#said");
      assertEquals(await page.locator("#rate").inputValue(), "30000");
      for (const [name, what] of [["Surge", "surge"], ["Burst", "burst"], ["Add an instance", "add"]]) {
        await page.getByRole("button", { name: name! }).click();
        await said.getByText(`${name}: done`).waitFor();
        assertEquals(done.pop(), what);
      }
      await page.getByRole("button", { name: "Kill streams-3" }).press("Enter");
      await said.getByText("Kill streams-3: done").waitFor();
      assertEquals(done.pop(), "kill streams-3");
      await page.locator("#rate").press("ArrowRight");
      await said.getByText("Rate of 30,200/s: done").waitFor();
      assertEquals(await page.locator("#rate-value").innerText(), "30,200/s");
      assertEquals(done, [30_200]);
    });
  },
);

browserTest("page in a browser: another page can't move the slider, nor read what is shown", async () => {
  const done: unknown[] = [];
  await withPage(
    await theBrowser(),
    told({ setRate: (rate) => void done.push(rate) }),
    WIDE,
    async (_page, url) => {
      // A server of another port is another origin.
      await withPage(await theBrowser(), told(), WIDE, async (stranger) => {
        await stranger.goto("about:blank");
        const outcome = await stranger.evaluate(async (control) => {
          const send = (headers: Record<string, string>): Promise<string> =>
            fetch(control, { method: "POST", headers, body: '{"action":"rate","rate":1}' })
              .then(() => "answered", () => "refused");
          return [
            await send({ "content-type": "application/json" }),
            await send({ "content-type": "text/plain" }),
          ];
        }, `${url}/control`).catch((error) => [String(error)]);
        assertEquals(outcome, ["refused", "refused"]);
      }).catch((error) => assertMatch(String(error), /blocked by CORS policy/));
    },
  );
  assertEquals(done, []);
});

browserTest("page in a browser: the look back gives the numbers of that time", async () => {
  await withPage(await theBrowser(), told(), WIDE, async (page) => {
    await page.locator("#look-back").fill("-60");
    // What is shown comes with the next frame.
    await page.locator("#look-at").getByText("11:51:25").waitFor();
    await page.getByText("1 of 1").waitFor();
    assertEquals(await texts(page, "#instances h3"), ["streams-1"]);
    assertEquals(await page.locator("figure:nth-child(2) .legend b").allInnerTexts(), ["1", "1"]);
    // No further back than the first numbers, whatever the page could hold.
    await page.locator("#look-back").press("Home");
    await page.locator("#look-at").getByText("11:50:01").waitFor();
    await page.locator("#look-back").fill("0");
    await page.getByText("4 of 4").waitFor();
  });
});

browserTest(
  "page in a browser: nothing moves while it opens, and while numbers, instances and decisions come and go",
  async () => {
    for (const device of [PHONE, WIDE]) {
      const source = new ToldSource({ setRate() {}, killInstance() {} });
      const [first, ...rest] = surgeAndCalm().filter((_, i) => i % 40 === 0);
      source.tell(first!);
      await withPage(await theBrowser(), source, device, async (page) => {
        await page.addInitScript(noteShifts);
        await page.reload();
        await page.getByText("1 of 1").waitFor();
        for (const next of rest) {
          source.tell(next);
          await page.getByText(`${next.running} of ${next.wanted}`).waitFor();
        }
        assertEquals(await shiftsOf(page), [], `${device.width} px`);
      });
    }
  },
);

browserTest(
  "page in a browser: an instance that goes leaves its place, and a fifth moves nothing where there is room",
  async () => {
    for (const device of [PHONE, WIDE]) {
      const source = new ToldSource({ killInstance() {} });
      const many = [1, 2, 3, 4, 5].map((n) => ({
        name: `streams-${n}`,
        ready: true,
        partitions: [],
        load: n / 9,
      }));
      const tell = (count: number, atMs: number): void =>
        source.tell(snapshot(atMs, { instances: many.slice(0, count), running: count, wanted: count }));
      tell(device === PHONE ? 5 : 4, STORY_END_MS);
      await withPage(await theBrowser(), source, device, async (page) => {
        await page.addInitScript(noteShifts);
        await page.reload();
        await page.getByText(device === PHONE ? "5 of 5" : "4 of 4").waitFor();
        for (const [i, count] of [2, 5, 1, 4].entries()) {
          tell(count, STORY_END_MS + 1_000 * (i + 1));
          await page.getByText(`${count} of ${count}`).waitFor();
          assertEquals(await page.locator("#instances h3").count(), count);
        }
        assertEquals(await shiftsOf(page), [], `${device.width} px`);
      });
    }
  },
);

/** Notes in the page what the browser finds to have moved without anybody's doing. */
function noteShifts(): void {
  interface Shift {
    readonly sources: readonly {
      readonly node?: { readonly nodeName: string; readonly id?: string };
      readonly previousRect: { readonly y: number; readonly height: number };
      readonly currentRect: { readonly y: number; readonly height: number };
    }[];
  }
  const page = globalThis as unknown as {
    shifts: string[];
    PerformanceObserver: new (
      told: (list: { getEntries(): Shift[] }) => void,
    ) => { observe(what: object): void };
  };
  page.shifts = [];
  new page.PerformanceObserver((list) => {
    for (const { sources } of list.getEntries()) {
      for (const { node, previousRect, currentRect } of sources) {
        // A unit goes along with its number, and the newest of a list comes before the others.
        if (previousRect.y === currentRect.y || node?.nodeName === "LI") continue;
        page.shifts.push(`${node?.nodeName} ${node?.id} from ${previousRect.y} to ${currentRect.y}`);
      }
    }
  }).observe({ type: "layout-shift", buffered: true });
}

/** What has moved so far, once what is drawn now is looked at. */
async function shiftsOf(page: Page): Promise<string[]> {
  return await page.evaluate(async () => {
    const { requestAnimationFrame, setTimeout, shifts } = globalThis as unknown as {
      requestAnimationFrame(then: () => void): void;
      setTimeout(then: () => void, ms: number): void;
      readonly shifts: string[];
    };
    await new Promise<void>((resolve) => requestAnimationFrame(() => setTimeout(resolve, 100)));
    return shifts;
  });
}

browserTest("page in a browser: axe finds nothing, on a phone, a wide screen, and in the dark", async () => {
  for (const device of [PHONE, WIDE, { ...WIDE, colorScheme: "dark" as const }]) {
    const source = told({ setRate() {}, surge() {}, burst() {}, addInstance() {}, killInstance() {} });
    await withPage(await theBrowser(), source, device, async (page) => {
      await assertAccessible(page);
    });
  }
});
