import { assertEquals } from "@std/assert";
import { cpuLimit } from "../../src/cli/cpu_limit.ts";

Deno.test("a container's CPU limit is its quota of each period, in cores", () => {
  assertEquals(cpuLimit(() => "10000 100000\n"), 0.1);
  assertEquals(cpuLimit(() => "250000 100000\n"), 2.5);
});

Deno.test("no CPU limit is none, and neither is what can't be read or is no limit", () => {
  assertEquals(cpuLimit(() => "max 100000\n"), undefined);
  for (const text of ["", "0 100000\n", "10000 0\n", "-1 100000\n", "ten"]) {
    assertEquals(cpuLimit(() => text), undefined);
  }
  for (const error of [new Deno.errors.NotFound("no"), new Deno.errors.NotCapable("no")]) {
    assertEquals(
      cpuLimit(() => {
        throw error;
      }),
      undefined,
    );
  }
});
