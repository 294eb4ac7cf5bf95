import { assert, assertEquals, assertRejects } from "@std/assert";
import { type MeasuredRun, Meter } from "../../../bench/support/measured_run.ts";

const LINUX = Deno.build.os === "linux";
/** Some hundredths of a second of work for a shell. */
const BURN = 'i=0; while [ "$i" -lt 200000 ]; do i=$((i+1)); done';

async function measured(script: string, signal = new AbortController().signal): Promise<MeasuredRun> {
  const meter = await Meter.open();
  try {
    return await meter.run("sh", ["-c", script, "sh"], { WORD: "from the environment" }, signal);
  } finally {
    await meter.close();
  }
}

Deno.test({
  name: "measured run: output, CPU time and memory of a command",
  ignore: !LINUX,
  fn: async () => {
    const run = await measured(`${BURN}; echo "$WORD"; echo not this >&2`);
    assertEquals(run.stdout, "from the environment\n");
    assert(run.cpuSeconds > 0, "no CPU time");
    assert(run.peakRssBytes > 100_000, `${run.peakRssBytes} bytes`);
    assert(run.seconds > 0);
  },
});

Deno.test({
  name: "measured run: the CPU time of a command's children counts",
  ignore: !LINUX,
  fn: async () => {
    const { cpuSeconds } = await measured(`sh -c '${BURN}'; :`);
    assert(cpuSeconds > 0, "no CPU time");
  },
});

Deno.test({
  name: "measured run: a failure tells the code and what was written",
  ignore: !LINUX,
  fn: async () => {
    await assertRejects(
      () => measured("echo it went wrong >&2; exit 3"),
      Error,
      'Cannot measure sh: received exit code 3 and "it went wrong"',
    );
  },
});

Deno.test({
  name: "measured run: an abort ends the command",
  ignore: !LINUX,
  fn: async () => {
    await assertRejects(() => measured("exec sleep 60", AbortSignal.timeout(50)), DOMException, "aborted");
  },
});
