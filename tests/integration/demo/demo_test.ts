import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { withDirectoryWhile } from "../../support/temporary_directory.ts";

/** Runs the demo as users do and gives what it printed. */
async function demo(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=local", new URL("../../../scripts/demo.ts", import.meta.url).pathname, ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The numbers of a column of a timeline. */
function column(csv: string, name: string): number[] {
  const [header, ...lines] = csv.trim().split("\n");
  const at = header!.split(",").indexOf(name);
  return lines.map((line) => Number(line.split(",")[at]));
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
      assertStringIncludes(await Deno.readTextFile(join(out, "report.html")), "all is well");
    });
  });
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
