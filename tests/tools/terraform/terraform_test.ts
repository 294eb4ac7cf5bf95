import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { findMeans, withModule } from "./terraform.ts";

const means = await findMeans();
// deno-lint-ignore no-console -- why tests are skipped
if (means.noProvider !== undefined) console.warn(`terraform: tests are skipped for ${means.noProvider}`);
const noTerraform = means.noTerraform !== undefined;
const noProvider = means.noProvider !== undefined;

Deno.test({
  name: "the module is formatted as terraform fmt does",
  ignore: noTerraform,
  fn: () =>
    withModule({ noProvider: "not needed" }, async (terraform) => {
      const { success, text } = await terraform("fmt", "-check", "-recursive", "-diff");
      assert(success, text);
    }),
});

Deno.test({
  name: "the module is valid against the provider's schema",
  ignore: noProvider,
  fn: () =>
    withModule(means, async (terraform) => {
      const { success, text } = await terraform("validate", "-no-color");
      assert(success, text);
    }),
});

Deno.test({
  name: "the module's own tests pass, with a mock of the provider",
  ignore: noProvider,
  fn: () =>
    withModule(means, async (terraform) => {
      const { success, text } = await terraform("test", "-no-color");
      assert(success, text);
      assertMatch(text, /Success! \d{2} passed, 0 failed\./);
    }),
});

Deno.test({
  name: "a misspelt attribute is found",
  ignore: noProvider,
  fn: () =>
    withModule(means, async (terraform) => {
      const { success, text } = await terraform("validate", "-no-color");
      assertEquals(success, false);
      assertStringIncludes(text, `An argument named "machine_typo" is not expected here.`);
    }, (_, text) => text.replace("    machine_type    =", "    machine_typo    =")),
});

Deno.test({
  name: "a default that changes is found",
  ignore: noProvider,
  fn: () =>
    withModule(means, async (terraform) => {
      const { success, text } = await terraform("test", "-no-color", "-filter=tests/defaults.tftest.hcl");
      assertEquals(success, false);
      assertStringIncludes(text, "The cluster must begin with 4 nodes.");
    }, (_, text) => text.replace("optional(number, 4)", "optional(number, 3)")),
});

Deno.test({
  name: "a wrong variable is refused with what is allowed",
  ignore: noProvider,
  fn: () =>
    withModule(means, async (terraform) => {
      const { success, text } = await terraform(
        "plan",
        "-no-color",
        "-input=false",
        "-var=project=kos-project",
        "-var=location=Belgium",
      );
      assertEquals(success, false);
      assertStringIncludes(
        text.replace(/\s*[│╷╵]?\s+/g, " "),
        "location must be a zone such as europe-west1-b, or a region",
      );
    }),
});
