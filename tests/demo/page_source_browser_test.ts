import { assertEquals } from "@std/assert";
import type { Cleanup } from "../../scripts/demo/stages.ts";
import { topologyParts } from "../../src/dashboard/topology_parts.ts";
import { DemoPageSource } from "../../src/demo/page_source.ts";
import { runDemo } from "../../src/demo/run.ts";
import { sessionsTopology } from "../../src/streams/sessions_topology.ts";
import { browserTest, launch, WIDE, withPage } from "../dashboard/browser.ts";
import { embeddedDemo } from "./embedded_demo.ts";

browserTest(
  "the demo's page in a browser: the slider changes the load, and one more instance comes",
  async () => {
    const browser = await launch();
    const stop = new AbortController();
    const cleanup: Cleanup = [];
    const source = new DemoPageSource({ topology: topologyParts(sessionsTopology()), maxRate: 2_000 });
    const demo = runDemo({
      ...embeddedDemo({ rate: 200, seconds: 120, perInstance: 3_000, pace: 1 }, cleanup),
      signal: stop.signal,
      onSnapshot: (snapshot, control) => source.tell(snapshot, control),
    });
    try {
      await withPage(browser, source, WIDE, async (page) => {
        await page.locator("#tiles").getByText("1 of 1").waitFor();
        await page.locator("#rate").press("End");
        // As the generator sends it, some more or less.
        await page.locator("#tiles > div", { hasText: /^In\s*(1,[89]|2,[012])\d\d\/s/ }).waitFor();
        await page.getByRole("button", { name: "Add an instance" }).click();
        await page.locator("#tiles").getByText("2 of 2").waitFor();
        await page.locator("#instances li").nth(1).getByText("ready", { exact: true }).waitFor();
        await page.getByRole("button", { name: "Add an instance" }).click();
        await page.locator("#said").getByText("Cannot add an instance: there are as many as may be")
          .waitFor();
        assertEquals(await page.locator("#sessions-section").isVisible(), true);
      });
    } finally {
      stop.abort();
      await demo;
      for (const undo of cleanup.reverse()) await undo();
      await browser.close();
    }
  },
);
