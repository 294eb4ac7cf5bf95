import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError } from "../../../src/kafka/port/errors.ts";
import { readSecret, sourceOf, withFlag } from "../../../src/kafka/security/secret.ts";
import { withDirectory } from "../../support/temporary_directory.ts";

Deno.test("a secret is a text, or a file of it without the line's end, read anew each time", () =>
  withDirectory((folder) => {
    const file = `${folder}/secret`;
    assertEquals(readSecret("s3 cret", "SECRET_KEY"), "s3 cret");
    for (const text of ["first", "second\n", "third\r\n"]) {
      Deno.writeTextFileSync(file, text);
      assertEquals(readSecret({ file }, "SECRET_KEY"), text.trimEnd());
    }
  }));

Deno.test("what can be no secret is refused without being shown", () =>
  withDirectory((folder) => {
    const file = `${folder}/secret`;
    const errorOf = (text: string) => {
      Deno.writeTextFileSync(file, text);
      const { message } = assertThrows(() => readSecret({ file }, "SECRET_KEY"), ConfigError);
      assert(!message.includes("s3cret"), message);
      assertStringIncludes(message, "SECRET_KEY_FILE (--secret-key-file): received");
      return message;
    };
    assertStringIncludes(errorOf("\n"), "which is empty");
    assertStringIncludes(errorOf("s3cret\nuser"), "a line end or another control character");
    assertStringIncludes(errorOf("s3cret".repeat(20_000)), "too long");
    const named = assertThrows(() => readSecret("s3cret\n", "SECRET_KEY"), ConfigError).message;
    assertStringIncludes(named, "Cannot use SECRET_KEY: received a value with a line end");
    const absent = assertThrows(() => readSecret({ file: "/nowhere" }, "API_KEY"), ConfigError).message;
    assertStringIncludes(absent, 'API_KEY_FILE (--api-key-file): received "/nowhere"');
  }));

Deno.test("messages name a variable with the flag that stands for it", () => {
  assertEquals(withFlag("KAFKA_CA"), "KAFKA_CA (--kafka-ca)");
  assertEquals(withFlag("KAFKA_SASL_MECHANISM"), "KAFKA_SASL_MECHANISM (--sasl-mechanism)");
  assertEquals(withFlag("API_KEY_FILE"), "API_KEY_FILE (--api-key-file)");
  assertEquals(sourceOf({ file: "/a" }, "API_KEY"), "API_KEY_FILE (/a)");
});
