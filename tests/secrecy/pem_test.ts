import { assertEquals } from "@std/assert";
import { certificateBlocks, isEncryptedKey, privateKeyBlock } from "../../src/secrecy/pem.ts";

const of = (name: string, body: string) => `-----BEGIN ${name}-----\n${body}\n-----END ${name}-----`;

Deno.test("a PEM file's certificates are found amid keys and notes, in their order", () => {
  const [first, second] = [of("CERTIFICATE", "AAAA"), of("CERTIFICATE", "BBBB")];
  assertEquals(certificateBlocks(`note\n${first}\n${of("PRIVATE KEY", "CCCC")}\n${second}\n`), [
    first,
    second,
  ]);
  assertEquals(certificateBlocks(of("PRIVATE KEY", "CCCC")), []);
});

Deno.test("a PEM file's key is found whatever its kind, and what is cut off is taken to the end", () => {
  for (const kind of ["PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]) {
    assertEquals(privateKeyBlock(`${of("CERTIFICATE", "AAAA")}\n${of(kind, "BBBB")}\n`), of(kind, "BBBB"));
  }
  assertEquals(privateKeyBlock("-----BEGIN PRIVATE KEY-----\nAAAA"), "-----BEGIN PRIVATE KEY-----\nAAAA");
  assertEquals(privateKeyBlock(of("CERTIFICATE", "AAAA")), undefined);
});

Deno.test("a key with a password is told by its first line, or by the header of old ones", () => {
  assertEquals(isEncryptedKey(of("ENCRYPTED PRIVATE KEY", "AAAA")), true);
  assertEquals(isEncryptedKey(of("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nAAAA")), true);
  assertEquals(isEncryptedKey(of("PRIVATE KEY", "AAAA")), false);
});
