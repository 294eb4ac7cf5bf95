import type { Browser, Page } from "playwright-core";
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

/** Starts a browser. */
export async function launch(): Promise<Browser> {
  // With this set it does not look into /proc for whether this is Windows, which tests may not.
  Deno.env.set("__IS_WSL_TEST__", "1");
  const { chromium } = await import("playwright-core");
  // In a container there is no user for its sandbox; only the page that is tested is opened.
  return await chromium.launch({ executablePath: BROWSER!, args: ["--no-sandbox"] });
}

/** Opens the page over a source, and fails when the browser had anything to complain of. */
export async function withPage(
  browser: Browser,
  source: PageSource,
  device: Device,
  run: (page: Page, url: string) => Promise<void>,
): Promise<void> {
  const server = await servePage({ source, port: 0 });
  const { width, height, colorScheme = "light" } = device;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    reducedMotion: "reduce",
    timezoneId: "UTC",
  });
  const complaints: string[] = [];
  try {
    const page = await context.newPage();
    page.on("console", (message) => {
      // What is refused now the page says itself.
      const refused = message.text().includes("409 (Conflict)");
      if (["error", "warning"].includes(message.type()) && !refused) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(server.url);
    await page.waitForFunction(() => {
      const { document } = globalThis as unknown as { document: { querySelector(what: string): unknown } };
      return document.querySelector("#tiles dd") !== null;
    });
    await run(page, server.url);
  } finally {
    await context.close();
    await server.close();
  }
  if (complaints.length > 0) throw new Error(`The browser complained: ${complaints.join("; ")}`);
}
