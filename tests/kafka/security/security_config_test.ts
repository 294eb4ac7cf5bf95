import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError } from "../../../src/kafka/port/errors.ts";
import { readSecurity } from "../../../src/kafka/security/security_config.ts";

type Variables = Readonly<Record<string, string>>;

const read = (variables: Variables) => readSecurity((name) => variables[name]);
const KEYS = { API_KEY: "key-1", SECRET_KEY: "secret-1" };
const URL = { KAFKA_OAUTH_TOKEN_URL: "https://id.example/token" };

/** The error of these variables; it never holds a secret. */
function errorOf(variables: Variables): string {
  const { message } = assertThrows(() => read(variables), ConfigError);
  assert(!message.includes("secret-1"), message);
  assert(message.startsWith("Cannot use "), message);
  return message;
}

Deno.test("each protocol, by its name in any case", () => {
  const of = (variables: Variables) => {
    const { ssl, sasl } = read(variables);
    return [ssl, sasl !== undefined];
  };
  assertEquals(of({ KAFKA_SECURITY_PROTOCOL: "PLAINTEXT" }), [false, false]);
  assertEquals(of({ KAFKA_SECURITY_PROTOCOL: "ssl" }), [true, false]);
  assertEquals(of({ ...KEYS, KAFKA_SECURITY_PROTOCOL: "Sasl_Plaintext" }), [false, true]);
  assertEquals(of({ ...KEYS, KAFKA_SECURITY_PROTOCOL: "SASL_SSL" }), [true, true]);
});

Deno.test("without a protocol it is what the other variables want", () => {
  assertEquals(read({}).ssl, false);
  assertEquals(read({ KAFKA_CA: "ca.pem" }), { caFile: "ca.pem", sasl: undefined, ssl: true });
  const mutual = read({ KAFKA_CERT: "c.pem", KAFKA_KEY: "k.pem", KAFKA_KEY_PASSWORD_FILE: "p" });
  assertEquals([mutual.ssl, mutual.certFile, mutual.keyFile], [true, "c.pem", "k.pem"]);
  assertEquals(mutual.keyPassword, { file: "p" });
  assertEquals(read(KEYS).ssl, true);
  assertEquals(read({ ...KEYS, CLOUD: "false" }), { caFile: undefined, sasl: undefined, ssl: false });
});

Deno.test("each mechanism, with secrets from variables or files", () => {
  assertEquals(read({ ...KEYS, KAFKA_SASL_MECHANISM: "scram-sha-512" }).sasl, {
    mechanism: "scram-sha-512",
    username: "key-1",
    password: "secret-1",
  });
  assertEquals(read({ API_KEY_FILE: "/etc/kos/credentials/user", SECRET_KEY_FILE: "p" }).sasl, {
    mechanism: "plain",
    username: { file: "/etc/kos/credentials/user" },
    password: { file: "p" },
  });
  const extensions = "logicalCluster=lkc-1, identityPoolId=pool-1";
  const oauth = { ...KEYS, ...URL, KAFKA_OAUTH_SCOPE: "kafka", KAFKA_OAUTH_EXTENSIONS: extensions };
  assertEquals(read(oauth).sasl, {
    mechanism: "oauthbearer",
    tokenUrl: "https://id.example/token",
    clientId: "key-1",
    clientSecret: "secret-1",
    scope: "kafka",
    extensions: { logicalCluster: "lkc-1", identityPoolId: "pool-1" },
  });
});

Deno.test("what does not go together is refused, naming both", () => {
  const cases: [Variables, ...string[]][] = [
    [{ API_KEY: "key-1" }, "API_KEY: received it without SECRET_KEY or SECRET_KEY_FILE"],
    [{ SECRET_KEY_FILE: "p" }, "SECRET_KEY_FILE (--secret-key-file): received it without API_KEY"],
    [{ ...KEYS, SECRET_KEY_FILE: "p" }, "SECRET_KEY_FILE", "received it with SECRET_KEY too"],
    [{ KAFKA_SECURITY_PROTOCOL: "TLS" }, "KAFKA_SECURITY_PROTOCOL (--security-protocol)", "SASL_PLAINTEXT"],
    [{ KAFKA_SECURITY_PROTOCOL: "SASL_SSL" }, "SASL_SSL without credentials; set API_KEY"],
    [{ ...KEYS, KAFKA_SECURITY_PROTOCOL: "SSL" }, "with credentials (API_KEY), which would not be sent"],
    [{ CLOUD: "false", ...KEYS, KAFKA_SECURITY_PROTOCOL: "SASL_SSL" }, "SASL_SSL with CLOUD=false"],
    [{ ...KEYS, KAFKA_SASL_MECHANISM: "GSSAPI" }, "KAFKA_SASL_MECHANISM (--sasl-mechanism)", "OAUTHBEARER"],
    [{ KAFKA_SASL_MECHANISM: "PLAIN" }, "received it without credentials"],
    [{ ...KEYS, KAFKA_SASL_MECHANISM: "OAUTHBEARER" }, "without a token endpoint; set KAFKA_OAUTH_TOKEN_URL"],
    [{ ...URL }, "KAFKA_OAUTH_TOKEN_URL (--oauth-token-url): received it without credentials"],
    [{ ...KEYS, ...URL, KAFKA_SASL_MECHANISM: "PLAIN" }, "with the mechanism PLAIN"],
    [{ KAFKA_CERT: "c.pem" }, "KAFKA_CERT (--kafka-cert): received it without KAFKA_KEY (--kafka-key)"],
    [{ KAFKA_KEY: "k.pem" }, "KAFKA_KEY (--kafka-key): received it without KAFKA_CERT"],
    [{ KAFKA_KEY_PASSWORD: "secret-1" }, "KAFKA_KEY_PASSWORD: received it without KAFKA_KEY"],
    [{ KAFKA_SECURITY_PROTOCOL: "PLAINTEXT", KAFKA_CA: "c" }, "KAFKA_CA (--kafka-ca)", "without TLS"],
  ];
  for (const [variables, ...parts] of cases) {
    for (const part of parts) assertStringIncludes(errorOf(variables), part);
  }
});

Deno.test("a token endpoint has https, http on this machine only, and no user in it", () => {
  for (
    const url of ["https://id.example/t", "http://localhost:1/t", "http://127.0.0.1/t", "http://[::1]:1/t"]
  ) {
    assertEquals(read({ ...KEYS, KAFKA_OAUTH_TOKEN_URL: url }).sasl?.mechanism, "oauthbearer");
  }
  const of = (url: string) => errorOf({ ...KEYS, KAFKA_OAUTH_TOKEN_URL: url });
  assertStringIncludes(of("http://id.example/t"), "beyond this machine allowed is https:// only");
  assertStringIncludes(of("http://localhost.evil.example/t"), "https:// only");
  assertStringIncludes(of("https://user:secret-1@id.example/t"), "with a user before it");
  assertStringIncludes(of("secret-1"), "what is no URL");
});

Deno.test("KAFKA_CA goes without TLS to brokers where a token endpoint has TLS", () => {
  const variables = { ...KEYS, KAFKA_SECURITY_PROTOCOL: "SASL_PLAINTEXT", KAFKA_CA: "ca.pem" };
  assertEquals(read({ ...variables, ...URL }).caFile, "ca.pem");
  const here = { KAFKA_OAUTH_TOKEN_URL: "http://localhost:1/t" };
  for (const more of [{}, here]) {
    assertStringIncludes(errorOf({ ...variables, ...more }), "KAFKA_CA (--kafka-ca): received");
  }
});

Deno.test("extensions are names of letters, and never the token itself", () => {
  for (const wrong of ["auth=x", "a", "a=", "1=2", "a=b,,"]) {
    const message = errorOf({ ...KEYS, ...URL, KAFKA_OAUTH_EXTENSIONS: wrong });
    assertStringIncludes(message, "KAFKA_OAUTH_EXTENSIONS (--oauth-extensions)");
  }
});
