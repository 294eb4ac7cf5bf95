import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { sumOfSeries } from "../../../src/metrics/metrics_text.ts";
import { assertAccessible, BROWSER, launch, PHONE, withFile } from "../../dashboard/browser.ts";
import { withDirectoryWhile } from "../../support/temporary_directory.ts";

const DEMO = new URL("../../../scripts/demo.ts", import.meta.url).pathname;

/** Runs the demo as users do and gives what it printed. */
async function demo(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await command(args).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

function command(args: readonly string[], more: Deno.CommandOptions = {}): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=local", DEMO, ...args],
    env: { NO_COLOR: "1" },
    ...more,
  });
}

/** Starts the demo, whose output is read while it runs. */
function start(...args: readonly string[]): Deno.ChildProcess {
  return command(args, { stdout: "piped", stderr: "inherit" }).spawn();
}

/** The numbers of a column of a timeline. */
function column(csv: string, name: string): number[] {
  const [header, ...lines] = csv.trim().split("\n");
  const at = header!.split(",").indexOf(name);
  return lines.map((line) => Number(line.split(",")[at]));
}

/** The report says what the demo printed, and draws it; where there is a browser, opened there without a network. */
async function assertReport(file: string, printed: string): Promise<void> {
  assertStringIncludes(await Deno.readTextFile(file), "all is well");
  if (BROWSER === undefined) return;
  const browser = await launch();
  try {
    await withFile(browser, file, PHONE, async (page) => {
      const figures = await page.locator("#figures li").allInnerTexts();
      assert(figures.length > 5, figures.join("; "));
      for (const figure of figures) assertStringIncludes(printed.replace(/\s+/g, " "), figure);
      for (const decision of await page.locator("#decisions tbody td:last-child").allInnerTexts()) {
        assertStringIncludes(printed.replace(/\s+/g, " "), decision);
      }
      assertEquals(await page.locator("figure svg").count(), 5);
      await assertAccessible(page);
    });
  } finally {
    await browser.close();
  }
}

for (const [name, flags] of [["in memory", ["--embedded"]], ["on Kafka", []]] as const) {
  Deno.test(`the demo ${name}: replicas follow the load up and down, and every session is right`, async () => {
    await withDirectoryWhile(async (out) => {
      const { code, stdout, stderr } = await demo(...flags, "--seconds", "16", "--out", out);
      assertEquals(code, 0, stdout + stderr);
      assertMatch(stdout, /── 1 → [234]: a load of [\s\S]*── 2 → 1: a load of/);
      assertMatch(stdout, /\(100\.00 %\);\s0\smissing,\s0\swrong,\s0\sunexpected/);
      if (name === "in memory") assertMatch(stdout, /^everything runs in this process on an in-memory log/);
      const csv = await Deno.readTextFile(join(out, "timeline.csv"));
      assert(Math.max(...column(csv, "ready")) > 1, csv);
      assertEquals(column(csv, "wanted").at(-1), 1, csv);
      for (const rate of ["in", "out", "sessions", "lag"]) {
        assert(column(csv, rate).every((value) => value >= 0), csv);
      }
      await assertReport(join(out, "report.html"), stdout);
    });
  });
}

Deno.test("the demo by recommender: its sentences are on the board, in the files and at /scaling", async () => {
  await withDirectoryWhile(async (out) => {
    const child = start(
      "--embedded",
      "--seconds",
      "16",
      "--scale-by",
      "recommender",
      "--page-port",
      "0",
      "--out",
      out,
    );
    const printed = child.stdout.pipeThrough(new TextDecoderStream());
    let stdout = "";
    let asked: Promise<Scaling> | undefined;
    for await (const text of printed) {
      stdout += text;
      const [, url] = /the live page is at (\S+)/.exec(stdout) ?? [];
      if (url !== undefined && stdout.includes("── Go from 1")) asked ??= scalingAt(url);
    }
    const { code } = await child.status;
    assertEquals(code, 0, stdout);
    assertMatch(stdout, /\(100\.00 %\);\s0\smissing,\s0\swrong,\s0\sunexpected/);
    const { page, gauge } = await asked!;
    const first = page.decisions.at(-1)!;
    assertEquals([first.from, page.replicas, page.running >= 1], [1, gauge, true]);
    assertMatch(first.reason, /^Go from 1 to [24]: /);
    const csv = await Deno.readTextFile(join(out, "timeline.csv"));
    assertEquals(column(csv, "wanted").at(-1), 1, csv);
    for (const file of [csv, await Deno.readTextFile(join(out, "report.html"))]) {
      assertStringIncludes(file, first.reason);
    }
  });
});

interface Scaling {
  readonly page: {
    readonly replicas: number;
    readonly running: number;
    readonly decisions: readonly { readonly from: number; readonly reason: string }[];
  };
  readonly gauge: number | undefined;
}

/** What a page's server says is recommended, in both forms, once both say the same. */
async function scalingAt(url: string): Promise<Scaling> {
  for (;;) {
    const page = await (await fetch(`${url}/scaling`)).json();
    const gauge = sumOfSeries(await (await fetch(`${url}/metrics`)).text(), "kos_recommended_replicas");
    if (page.replicas === gauge) return { page, gauge };
  }
}

Deno.test("a demo of fixed replicas scales nothing, and still checks every session", async () => {
  await withDirectoryWhile(async (out) => {
    const args = ["--embedded", "--seconds", "3", "--fixed", "2", "--out", out, "--profile", "step:800@3s"];
    const { code, stdout, stderr } = await demo(...args);
    assertEquals(code, 0, stdout + stderr);
    assertEquals(stdout.includes("→"), false, stdout);
    assertEquals(new Set(column(await Deno.readTextFile(join(out, "timeline.csv")), "wanted")), new Set([2]));
  });
});

for (
  const [args, told] of [
    [["--seconds", "long"], /--seconds.*long.*whole number/s],
    [["--fixed", "9"], /--fixed.*9/s],
    [["--profile", "often"], /--profile.*often/s],
    [["--scale-by", "luck"], /--scale-by.*luck/s],
    [["--out", import.meta.filename!], /Cannot write into the folder of --out: received ".+"; name one/],
  ] as const
) {
  Deno.test(`the demo refuses ${args.join(" ")}`, async () => {
    const { code, stderr } = await demo(...args);
    assertEquals(code, 2);
    assertMatch(stderr, told);
  });
}
