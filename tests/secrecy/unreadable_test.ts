import { assertEquals, assertStringIncludes } from "@std/assert";
import { unreadable } from "../../src/secrecy/unreadable.ts";

const error = (path: string) => Object.assign(new Error(`no such file, open '${path}'`), { code: "ENOENT" });

Deno.test("a path that can't be read is named, with why", () => {
  const paths = [
    "/etc/kos/none",
    "./key",
    "../a b/key",
    ".kos/token",
    "~/key",
    "C:\\key",
    "certs/own.pem",
    "ca.crt",
  ];
  for (const path of paths) {
    const { received, reason, options } = unreadable(path, error(path));
    assertEquals(received, JSON.stringify(path));
    assertStringIncludes(reason, path);
    assertStringIncludes(String(options.cause), path);
  }
});

Deno.test("a secret in the place of its file's path is not shown, nor is the system's word of it", () => {
  const pem = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n";
  const token = `eyJhbGciOiJub25lIn0.eyJzdWIiOiJrb3MifQ.${"c2ln".repeat(8)}`;
  for (const secret of ["hunter2", 'a+/="&%é', "abcd1234/efgh", pem, `/tmp/a\n${pem}`, token]) {
    const { received, reason, options } = unreadable(secret, error(secret));
    assertEquals(received, "what looks like no path, and is not shown as it may be the secret itself");
    assertEquals(reason, "ENOENT; a path begins with / or ./");
    assertEquals(options, {});
  }
  assertStringIncludes(unreadable("hunter2", undefined).reason, "not a file");
});

Deno.test("of a file that Deno denies is said how a task may read it, not the flag that it would refuse", () => {
  const denied = new Deno.errors.NotCapable('Requires read access to "/tmp/ca.pem", run again with the …');
  const { received, reason, options } = unreadable("/tmp/ca.pem", denied);
  assertEquals([received, options], ['"/tmp/ca.pem"', {}]);
  assertStringIncludes(reason, "put it below .kos or /etc/kos");
  assertStringIncludes(reason, 'add --allow-read="/tmp/ca.pem" after "deno run"');
});
