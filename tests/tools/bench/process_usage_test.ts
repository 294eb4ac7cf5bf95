import { assert, assertEquals, assertThrows } from "@std/assert";
import { cpuTicks, memoryOf, UsageReader } from "../../../bench/support/process_usage.ts";

const AFTER_NAME = "S 1 42 42 0 -1 4194304 5000 0 12 0 310 45 7 8 20 0 9 0 12345 987654321 4321";

Deno.test("CPU time is read past a name with spaces and parentheses", () => {
  assertEquals(cpuTicks(`42 (java) ${AFTER_NAME}\n`), 355);
  assertEquals(cpuTicks(`42 (a (b) c) ${AFTER_NAME}\n`), 355);
});

Deno.test("memory is read from a status, in bytes", () => {
  assertEquals(memoryOf("Name:\tdeno\nVmPeak:\t  99 kB\nVmHWM:\t  20 kB\nVmRSS:\t  10 kB\nThreads:\t4\n"), {
    rss: 10_240,
    peakRss: 20_480,
  });
});

Deno.test("what is not of /proc's form is refused", () => {
  assertThrows(() => cpuTicks(""), Error, 'received ""');
  assertThrows(() => memoryOf("Name:\tsh\nState:\tZ (zombie)\n"), Error, "has the process just ended?");
});

Deno.test({
  name: "the reader reads this process, again and again",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const usage = await UsageReader.open();
    try {
      const first = await usage.cpuSeconds(Deno.pid);
      const { rss, peakRss } = await usage.memory(Deno.pid);
      assert(rss > 1e6 && rss <= peakRss, `${rss} of ${peakRss}`);
      assert(await usage.cpuSeconds(Deno.pid) >= first);
    } finally {
      await usage.close();
    }
  },
});
