import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { join } from "@std/path";
import type { Page } from "playwright-core";
import { reportHtml } from "../../../scripts/demo/report.ts";
import { linesOf } from "../../../scripts/demo/words.ts";
import type { Snapshot } from "../../../src/demo/snapshot.ts";
import {
  assertAccessible,
  browserTest,
  type Device,
  launch,
  PHONE,
  WIDE,
  withFile,
} from "../../dashboard/browser.ts";
import { instance, snapshot } from "../../demo/snapshots.ts";
import { summaryOf } from "../../demo/summaries.ts";
import { withDirectoryWhile } from "../../support/temporary_directory.ts";

const DEVICES: readonly Device[] = [PHONE, { ...PHONE, colorScheme: "dark" }, WIDE, {
  ...WIDE,
  colorScheme: "dark",
}];

/** A surge between two calms: lag, two decisions, three instances. */
const RUN: Snapshot[] = Array.from({ length: 60 }, (_, second) => {
  const surges = second >= 20 && second < 40;
  const decision = second === 22
    ? { from: 1, to: 3, reason: "1 → 3: a load of 2.40 an instance is above the target of 0.60" }
    : second === 50
    ? { from: 3, to: 1, reason: "3 → 1: a load of 0.20 an instance, with a target of 0.60" }
    : undefined;
  return snapshot(second, {
    phase: surges ? "surge" : "calm",
    instances: Array.from({ length: second >= 24 && second < 52 ? 3 : 1 }, () => instance()),
    wanted: second >= 22 && second < 50 ? 3 : 1,
    lag: surges ? 12_345 : 0,
    decision,
  });
});

/** Opens the report on each device. */
async function onDevices(look: (page: Page, device: Device) => Promise<void>): Promise<void> {
  const summary = summaryOf(RUN);
  const browser = await launch();
  try {
    await withDirectoryWhile(async (folder) => {
      const file = join(folder, "report.html");
      await Deno.writeTextFile(file, reportHtml("The demo, 60 s", summary, linesOf(summary)));
      for (const device of DEVICES) await withFile(browser, file, device, (page) => look(page, device));
    });
  } finally {
    await browser.close();
  }
}

browserTest(
  "the demo's report in a browser: figures, charts and decisions of the run, without a network",
  async () => {
    await onDevices(async (page) => {
      assertEquals(await page.locator("h1").innerText(), "The demo, 60 s");
      assertEquals(await page.locator("#figures li").allInnerTexts(), linesOf(summaryOf(RUN)));
      assertMatch((await page.locator("#figures li").allInnerTexts())[1]!, /highest lag was 12,345 records/);
      assertEquals(await page.locator("#decisions tbody tr").allInnerTexts(), [
        "22 s\t1 → 3: a load of 2.40 an instance is above the target of 0.60",
        "50 s\t3 → 1: a load of 0.20 an instance, with a target of 0.60",
      ]);
      assertEquals(
        await page.locator("figure svg").first().getAttribute("aria-label"),
        [
          "Replicas over the seconds: wanted from 1 to 3, 1 at the end; ready from 1 to 3, 1 at the end",
        ].join(),
      );
      assertEquals(await page.locator("figure h2").allInnerTexts(), [
        "Replicas",
        "Records a second",
        "Lag in records",
        "Seconds that the oldest record waits",
        "Load of an instance",
      ]);
      for (const chart of await page.locator("figure svg").all()) {
        const { width, height } = (await chart.boundingBox())!;
        assert(width > 250 && height > 100, `a chart of ${width} by ${height} px`);
        assert(await chart.locator("path:not(.grid, .marks)").count() > 0, "a chart without a line");
      }
    });
  },
);

browserTest(
  "the demo's report in a browser: axe finds nothing, and it fits, also on a phone and in the dark",
  async () => {
    const grounds = new Map<string, string>();
    await onDevices(async (page, { colorScheme = "light" }) => {
      await assertAccessible(page);
      grounds.set(
        colorScheme,
        await page.locator("body").evaluate((body) =>
          (globalThis as unknown as { getComputedStyle(of: unknown): { backgroundColor: string } })
            .getComputedStyle(body).backgroundColor
        ),
      );
    });
    assertNotEquals(grounds.get("light"), grounds.get("dark"));
  },
);
