import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { exampleOf } from "../../../scripts/example.ts";
import { UsageError } from "../../../src/cli/arguments.ts";

Deno.test("an example gets the flags that are its own", () => {
  assertEquals(exampleOf(["orders", "--window", "10s", "--log-level=debug"]), {
    module: "examples/orders/main.ts",
    args: ["--window", "10s", "--log-level=debug"],
  });
  assertEquals(exampleOf(["clicks", "--", "--help"]).args, ["--help"]);
  assertEquals(exampleOf(["fraud", "--feed"]), { module: "examples/fraud/feed.ts", args: [] });
  assertEquals(exampleOf(["--feed", "fraud"]), { module: "examples/fraud/feed.ts", args: [] });
});

Deno.test("without the name of an example, the names are told", () => {
  const refused = (args: string[]): string => assertThrows(() => exampleOf(args), UsageError).message;
  assertEquals(
    refused([]),
    "Cannot run an example: received no name; there are orders, fraud, clicks",
  );
  assertStringIncludes(refused(["click"]), 'received "click"; there are orders, fraud, clicks; did you mean');
});
