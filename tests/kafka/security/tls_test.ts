import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { join } from "@std/path";
import { ConfigError } from "../../../src/kafka/port/errors.ts";
import { type TlsConfig, tlsOptions } from "../../../src/kafka/security/tls.ts";
import { Authority } from "../../support/authority.ts";
import { withDirectory } from "../../support/temporary_directory.ts";

const AUTHORITY = new Authority();
const OWN = AUTHORITY.issue("kos");

/** Writes a file and gives its path. */
type Write = (name: string, text: string) => string;

function withFiles(body: (write: Write) => void): void {
  withDirectory((folder) =>
    body((name, text) => {
      const path = join(folder, name);
      Deno.writeTextFileSync(path, text);
      return path;
    })
  );
}

function errorOf(config: TlsConfig): string {
  const { message } = assertThrows(() => tlsOptions(config), ConfigError);
  assert(!message.includes("pass-of-key"), message);
  return message;
}

function encrypted(key: string): string {
  return createPrivateKey(key).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "pass-of-key",
  }) as string;
}

Deno.test("authorities, a certificate and its key are handed on, an encrypted key without its encryption", () =>
  withFiles((write) => {
    const caFile = write("ca.pem", AUTHORITY.cert + new Authority("second").cert);
    const certFile = write("cert.pem", OWN.cert);
    assertEquals(tlsOptions({}), {});
    assertEquals(tlsOptions({ caFile }).ca, Deno.readTextFileSync(caFile));
    const plain = tlsOptions({ certFile, keyFile: write("key.pem", OWN.key) });
    assertEquals([plain.cert, plain.key], [OWN.cert, OWN.key]);
    const keyFile = write("encrypted.pem", encrypted(OWN.key));
    for (const keyPassword of ["pass-of-key", { file: write("password", "pass-of-key\n") }]) {
      assertEquals(tlsOptions({ certFile, keyFile, keyPassword }).key, OWN.key);
    }
  }));

Deno.test("how a file was copied does not matter: with a key before, comments, other lines' ends, indented or in one line", () =>
  withFiles((write) => {
    const lines = AUTHORITY.cert.split("\n");
    for (
      const text of [
        `\ufeff# of the cluster -- until 2030\r\n${lines.join("\r\n")}`,
        lines.map((line) => `  ${line}  `).join("\n"),
        lines.join(" "),
        OWN.key + AUTHORITY.cert + "\nthe end",
      ]
    ) {
      assertEquals(tlsOptions({ caFile: write("ca.pem", text) }).ca, AUTHORITY.cert);
    }
    // As Kafka's own keystores in PEM are.
    for (const text of [OWN.key + OWN.cert, OWN.cert + OWN.key, OWN.cert + encrypted(OWN.key)]) {
      const file = write("both.pem", text);
      const both = tlsOptions({ certFile: file, keyFile: file, keyPassword: "pass-of-key" });
      assertEquals([both.cert, both.key], [OWN.cert, OWN.key]);
    }
  }));

Deno.test("files are read anew each time, as those that Kubernetes mounts are replaced", () =>
  withFiles((write) => {
    const caFile = write("ca.pem", AUTHORITY.cert);
    const next = new Authority("next").cert;
    tlsOptions({ caFile });
    write("ca.pem", next);
    assertEquals(tlsOptions({ caFile }).ca, next);
  }));

Deno.test("a file of authorities without one is refused, and said what is in it", () =>
  withFiles((write) => {
    for (const text of ["", "hello", "-----BEGIN CERTIFICATE-----\n"]) {
      const caFile = write("ca.pem", text);
      assertStringIncludes(errorOf({ caFile }), `KAFKA_CA (--kafka-ca): received "${caFile}"`);
      assertStringIncludes(
        errorOf({ caFile }),
        "no certificate in it; name a PEM file with BEGIN CERTIFICATE",
      );
    }
    assertStringIncludes(errorOf({ caFile: write("ca.pem", OWN.key) }), "but a private key");
    const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assertStringIncludes(
      errorOf({ caFile: write("ca.pem", AUTHORITY.cert + broken) }),
      "certificate 2 can't be",
    );
    assertStringIncludes(errorOf({ caFile: "/nowhere/ca.pem" }), "that can be read");
    const old = AUTHORITY.issue("old", { days: 0 }).cert;
    assertStringIncludes(errorOf({ caFile: write("ca.pem", old) }), "certificate expired on 20");
  }));

Deno.test("a certificate that is no longer valid, or whose key is another, is refused", () =>
  withFiles((write) => {
    const keyFile = write("key.pem", OWN.key);
    const expired = AUTHORITY.issue("old", { days: 0 });
    const message = errorOf({ certFile: write("old.pem", expired.cert), keyFile });
    assertStringIncludes(message, "KAFKA_CERT (--kafka-cert)");
    assertStringIncludes(message, "a certificate that expired on 20");
    const certFile = write("cert.pem", OWN.cert);
    const other = write("other.pem", AUTHORITY.issue("other").key);
    assertStringIncludes(errorOf({ certFile, keyFile: other }), "KAFKA_KEY (--kafka-key)");
    assertStringIncludes(errorOf({ certFile, keyFile: other }), "a key that does not fit the certificate");
    assertStringIncludes(errorOf({ certFile, keyFile: certFile }), "no private key in it");
    assertStringIncludes(
      errorOf({ certFile, keyFile: write("bad.pem", "-----BEGIN PRIVATE KEY-----\nAA\n") }),
      "a key that can't be read",
    );
  }));

Deno.test("an encrypted key without its password, or with another, is refused", () =>
  withFiles((write) => {
    const certFile = write("cert.pem", OWN.cert);
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const old = rsa.export({
      type: "pkcs1",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: "pass-of-key",
    });
    for (const text of [encrypted(OWN.key), old as string]) {
      const keyFile = write("key.pem", text);
      assertStringIncludes(
        errorOf({ certFile, keyFile }),
        "an encrypted key without its password; set KAFKA_KEY_PASSWORD or KAFKA_KEY_PASSWORD_FILE",
      );
      assertStringIncludes(errorOf({ certFile, keyFile, keyPassword: "wrong" }), "is not its password");
    }
  }));
