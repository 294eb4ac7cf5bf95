import { assert, assertMatch } from "@std/assert";

Deno.test("the benchmarks run with their own permissions, and the table is of them", async () => {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "task",
      "-q",
      "bench:micro",
      "--table",
      "--filter",
      "/murmur2/",
      "bench/micro/record_batch_bench.ts",
    ],
    cwd: new URL("../../../", import.meta.url),
    stderr: "inherit",
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert(success, text);
  assertMatch(text, /^\| murmur2 of a key +\| .+ [Mk] keys \| +[\d,.]+ × kafkajs \|$/m);
});
