import { assertEquals, assertThrows } from "@std/assert";
import { memoryLimit } from "../../src/cli/memory_limit.ts";

Deno.test("a container's limit is known, and no limit is none, however the system says it", () => {
  assertEquals(memoryLimit(() => 1_073_741_824), 1_073_741_824);
  assertEquals(memoryLimit(() => 0), undefined);
  assertEquals(memoryLimit(() => 9_223_372_036_854_771_712), undefined);
});

Deno.test("where the system may not be asked there is no limit, and other failures are not hidden", () => {
  const failing = (error: Error) => () => {
    throw error;
  };
  assertEquals(memoryLimit(failing(new Deno.errors.NotCapable("no"))), undefined);
  assertThrows(() => memoryLimit(failing(new TypeError("odd"))), TypeError);
});
