import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { exampleOf } from "../../../scripts/example.ts";
import { UsageError } from "../../../src/cli/arguments.ts";
import { ended } from "../../support/ended.ts";

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

Deno.test("what writes an example's records takes no flags", () => {
  assertStringIncludes(
    assertThrows(() => exampleOf(["fraud", "--feed", "--rate", "5"]), UsageError).message,
    "Cannot use the arguments: received --rate 5, but --feed takes no flags of the application",
  );
});

Deno.test("each example lists its flags, of which none is a flag of every application", async () => {
  for (const name of ["orders", "fraud", "clicks"]) {
    const { code, stdout, stderr } = await ended(
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-q", "-P=example", exampleOf([name]).module, "--help"],
        env: { NO_COLOR: "1" },
        stdout: "piped",
        stderr: "piped",
      }).spawn(),
    );
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, `Usage: ${name} [options]`);
  }
});
