import { assertEquals, assertThrows } from "@std/assert";
import { forNode, manifestOf, programOf } from "../../../scripts/pack/package.ts";
import { ScriptError } from "../../../scripts/support/errors.ts";

const config = {
  imports: { "@std/path": "npm:deno-std@1.4.0/path/mod.js", "@std/odd": "jsr:@std/odd@1" },
  exports: { ".": "./mod.ts" },
};
const packed = { version: "1.2.3", exports: {}, dependencies: { "deno-std": "^1.4.0", kafkajs: "^2.2.4" } };

Deno.test("modules name packages and the version as Node finds them, and else stay as they are", () => {
  const module = `import { join } from "@std/path";
import config from "../../deno.json" with { type: "json" };
import { other } from "./other.js";
const later = await import("@std/path");
say("see @std/path");`;
  assertEquals(
    forNode(module, config),
    `import { join } from "deno-std/path/mod.js";
import config from "../../package.json" with { type: "json" };
import { other } from "./other.js";
const later = await import("deno-std/path/mod.js");
say("see @std/path");`,
  );
});

Deno.test("an import that Node can't find is refused with where it comes from", () => {
  for (const name of ["@std/odd", "@std/none"]) {
    const error = assertThrows(() => forNode(`import "${name}";`, config), ScriptError);
    assertEquals(error.message.startsWith(`Cannot pack a module that imports ${name}: received `), true);
  }
});

Deno.test("the package says which Node it needs and has the versions that it is tested with", () => {
  const manifest = manifestOf(packed, config);
  assertEquals(manifest["dependencies"], { "deno-std": "1.4.0", kafkajs: "2.2.4" });
  assertEquals(manifest["engines"], { node: ">=22.13.0" });
  assertEquals(manifest["bin"], undefined);
  assertThrows(() => manifestOf({ ...packed, dependencies: {} }, config), ScriptError);
});

Deno.test("a program among the exports is the package's command", () => {
  const exports = { ...config.exports, "./new": "./src/new/main.ts" };
  assertEquals(programOf({ ...config, exports }), "./src/new/main.js");
  assertEquals(manifestOf(packed, { ...config, exports })["bin"], { "kos-new": "./src/new/main.js" });
});
