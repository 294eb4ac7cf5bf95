import { assert, assertEquals, assertMatch } from "@std/assert";
import { main } from "../../../scripts/registry.ts";
import { pomOf } from "../../../scripts/support/maven.ts";

Deno.test("wrong flags of the registry task exit with 2, and help with 0", async () => {
  for (
    const args of [["--bogus"], ["--port", "0"], ["--port", "x"], ["--stop", "--wipe"], [
      "--stop",
      "--status",
    ], ["extra"]]
  ) {
    assertEquals(await main(args), 2, args.join(" "));
  }
  assertEquals(await main(["--help"]), 0);
});

Deno.test("an artifact fetched alone has all that it depends on excluded", () => {
  const coordinates = ["io.apicurio:apicurio-registry-app:2.6.13.Final:tar.gz:all"];
  assertMatch(
    pomOf(coordinates, false),
    /<exclusion><groupId>\*<\/groupId><artifactId>\*<\/artifactId><\/exclusion>/,
  );
  assert(!pomOf(coordinates).includes("exclusion"));
});
