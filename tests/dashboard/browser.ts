import { assert, assertEquals } from "@std/assert";
import { toFileUrl } from "@std/path";
import axe from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { servePage } from "../../src/dashboard/serve_page.ts";
import type { PageSource } from "../../src/dashboard/source.ts";

const PLACES = [
  Deno.env.get("CHROMIUM"),
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** Where a browser is; `undefined` where there is none: then tests of one are left out. */
export const BROWSER: string | undefined = PLACES.find((path) => {
  try {
    return path !== undefined && Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

/** A test in a real browser; where there is none it is left out, and says so. */
export function browserTest(name: string, run: () => Promise<void>): void {
  Deno.test({
    name: BROWSER === undefined ? `${name} (left out: no chromium here; CHROMIUM names one)` : name,
    ignore: BROWSER === undefined,
    fn: run,
  });
}

/** A device, and what its user has chosen. */
export interface Device {
  readonly width: number;
  readonly height: number;
  readonly colorScheme?: "light" | "dark";
}

export const PHONE: Device = { width: 390, height: 844 };
export const WIDE: Device = { width: 1440, height: 900 };

/** How long anything in it is waited for, on a machine that is busy with all the other tests, in ms. */
export const PATIENCE_MS = 240_000;

/** Starts a browser, with more arguments where these are given. */
export async function launch(more: readonly string[] = []): Promise<Browser> {
  // With this set it does not look into /proc for whether this is Windows, which tests may not.
  Deno.env.set("__IS_WSL_TEST__", "1");
  const { chromium } = await import("playwright-core");
  // In a container there is no user for its sandbox, and little shared memory; only the page that is tested is opened.
  const args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", ...more];
  return await chromium.launch({ executablePath: BROWSER!, args, timeout: PATIENCE_MS });
}

/** Opens the page over a source, and fails when the browser had anything to complain of. */
export async function withPage(
  browser: Browser,
  source: PageSource,
  device: Device,
  run: (page: Page, url: string) => Promise<void>,
): Promise<void> {
  const server = await servePage({ source, port: 0 });
  const context = await contextOf(browser, device);
  try {
    await withoutComplaint(context, async (page) => {
      await page.goto(server.url);
      await page.locator("#tiles dd").first().waitFor();
      await run(page, server.url);
    });
  } finally {
    await context.close();
    await server.close();
  }
}

/** Opens a file without a network; fails when it wants anything beside itself, or the browser complains. */
export async function withFile(
  browser: Browser,
  file: string,
  device: Device,
  run: (page: Page) => Promise<void>,
): Promise<void> {
  const { href } = toFileUrl(file);
  const context = await contextOf(browser, device);
  const wanted: string[] = [];
  try {
    await context.setOffline(true);
    await context.route("**/*", async (route) => {
      if (route.request().url() === href) return await route.continue();
      wanted.push(route.request().url());
      await route.abort();
    });
    await withoutComplaint(context, async (page) => {
      await page.goto(href);
      await run(page);
    });
  } finally {
    await context.close();
  }
  assertEquals(wanted, [], "it is one file");
}

async function contextOf(browser: Browser, device: Device): Promise<BrowserContext> {
  const { width, height, colorScheme = "light" } = device;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    reducedMotion: "reduce",
    timezoneId: "UTC",
  });
  context.setDefaultTimeout(PATIENCE_MS);
  return context;
}

async function withoutComplaint(context: BrowserContext, run: (page: Page) => Promise<void>): Promise<void> {
  const complaints: string[] = [];
  const page = await context.newPage();
  page.on("console", (message) => {
    // What is refused now the page says itself.
    const refused = message.text().includes("409 (Conflict)");
    if (["error", "warning"].includes(message.type()) && !refused) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await run(page);
  if (complaints.length > 0) throw new Error(`The browser complained: ${complaints.join("; ")}`);
}

/** Fails when axe finds anything, or something is wider than the screen. */
export async function assertAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<axe.AxeResults> } };
    const { violations, passes } = await axe.run();
    return {
      violations: violations.map(({ id, impact, nodes }) =>
        `${impact}: ${id}: ${nodes.map(({ html }) => html).join(" ")}`
      ),
      passed: passes.length,
    };
  });
  assertEquals(found.violations, []);
  assert(found.passed >= 10, `only ${found.passed} rules were looked at`);
  const width = await page.evaluate(() => {
    const { document } = globalThis as unknown as { document: { documentElement: { scrollWidth: number } } };
    return document.documentElement.scrollWidth;
  });
  assertEquals(width, page.viewportSize()!.width, "nothing is wider than the screen");
}
