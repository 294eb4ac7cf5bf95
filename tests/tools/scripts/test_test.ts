import { assertEquals, assertStringIncludes } from "@std/assert";
import { listTests, parseSummary, withoutColors } from "../../../scripts/support/test_summary.ts";

Deno.test("the numbers are those of deno test's last line", () => {
  const text =
    `ok | 1 passed | 0 failed (1ms)\nother\n\nok | 12 passed (3 steps) | 0 failed | 2 ignored (2 steps) | 5 filtered out (2s)\n`;
  assertEquals(parseSummary(text, 0), { passed: 12, failed: 0, ignored: 2 });
  assertEquals(parseSummary("FAILED | 1 passed | 3 failed (1ms)\n", 1), { passed: 1, failed: 3, ignored: 0 });
});

Deno.test("a run that failed without a failed test counts as one failed", () => {
  assertEquals(parseSummary("ok | 2 passed | 0 failed (1ms)\n", 1), { passed: 2, failed: 1, ignored: 0 });
  assertEquals(parseSummary("error: Type checking failed.\n", 1), { passed: 0, failed: 1, ignored: 0 });
});

Deno.test("colours are removed", () => {
  assertEquals(withoutColors("\x1b[0m\x1b[31mFAILED\x1b[0m | 1 passed"), "FAILED | 1 passed");
});

Deno.test("test files are found in sub-folders, none where there is no folder", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${dir}/a/b`, { recursive: true });
    for (const file of ["a/b/x_test.ts", "a/y_test.ts", "a/support.ts"]) {
      await Deno.writeTextFile(`${dir}/${file}`, "");
    }
    assertEquals(await listTests(dir), [`${dir}/a/b/x_test.ts`, `${dir}/a/y_test.ts`]);
    assertEquals(await listTests(`${dir}/none`), []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

/** Runs scripts/test.ts on a file with this content. */
async function runTests(
  content: string,
  ...args: string[]
): Promise<{ code: number; out: string; lines: string[] }> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/a_test.ts`, content);
    const script = new URL("../../../scripts/test.ts", import.meta.url).pathname;
    const config = new URL("../../../deno.json", import.meta.url).pathname;
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        script,
        `--config=${config}`,
        "--no-lock",
        "--no-check",
        ...args,
        `${dir}/a_test.ts`,
      ],
      env: { NO_COLOR: "1" },
      stderr: "null",
    }).output();
    const out = new TextDecoder().decode(stdout);
    return { code, out, lines: out.trimEnd().split("\n") };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("the last line has the numbers, also with examples, ignored and failed tests", async () => {
  const good = await runTests(
    `Deno.test("a", () => {});\n/**\n * \`\`\`ts\n * 1 + 1;\n * \`\`\`\n */\nexport const x = 1;`,
  );
  assertEquals([good.lines.at(-1), good.code], ["2 passed, 0 failed", 0], good.out);
  assertStringIncludes(good.out, "--shuffle=");

  const bad = await runTests(
    `Deno.test("a", () => {}); Deno.test("b", () => { throw 1; }); Deno.test.ignore("c", () => {});`,
  );
  assertEquals(
    [bad.lines.at(-2), bad.lines.at(-1), bad.code],
    ["1 ignored", "1 passed, 1 failed", 1],
    bad.out,
  );

  const wrong = await runTests(`Deno.test("a", () => {}); throw new Error("outside of a test");`);
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.lines.at(-1)!, "1 failed");
});

Deno.test("--unit names what it leaves out; flags are passed on", async () => {
  const { code, out, lines } = await runTests(
    `Deno.test("a", () => {}); Deno.test("b", () => {});`,
    "--unit",
    "--filter=a",
    "--shuffle=3",
  );
  assertEquals([lines.at(-1), code], ["1 passed, 0 failed", 0], out);
  assertStringIncludes(out, "Skipped with --unit: the tests in the ");
  assertEquals(out.includes("In random order"), false); // the order was given
});
