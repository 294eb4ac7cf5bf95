import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError, connectionConfig, parseBrokers } from "../../src/kafka/config.ts";

const config = (variables: Record<string, string> = {}) => connectionConfig((name) => variables[name]);
const KEYS = { API_KEY: "key-1", SECRET_KEY: "secret-1" };

/** The error of these variables; it never holds a secret. */
function errorOf(variables: Record<string, string>): string {
  const { message } = assertThrows(() => config(variables), ConfigError);
  assert(!message.includes("secret-1"), message);
  return message;
}

Deno.test("without variables: localhost, no TLS, no registry", () => {
  const expected = {
    brokers: ["localhost:9092"],
    sasl: undefined,
    ssl: false,
    caFile: undefined,
    requestTimeoutMs: 20_000,
    retryBackoffMs: 500,
    schemaRegistry: undefined,
  };
  assertEquals(config(), expected);
  const empty = {
    KAFKA_BROKERS: "",
    API_KEY: "",
    SECRET_KEY: "",
    CLOUD: "",
    KAFKA_CA: "",
    SCHEMA_REGISTRY: "",
  };
  assertEquals(config(empty), expected);
});

Deno.test("brokers are addresses with or without a port, IPv6 in brackets", () => {
  assertEquals(parseBrokers("a:1"), ["a:1"]);
  assertEquals(parseBrokers(" a.example:9093 , 10.0.0.1,, b-c_d "), [
    "a.example:9093",
    "10.0.0.1:9092",
    "b-c_d:9092",
  ]);
  assertEquals(parseBrokers("[::1]:9094,[fe80::1%eth0]"), ["[::1]:9094", "[fe80::1%eth0]:9092"]);
});

Deno.test("a wrong broker is named, and what is allowed", () => {
  for (const wrong of ["a:", "a:0", "a:65536", "a:x", "::1", ":9092", "a b", "http://a:1", "a:1/x"]) {
    const message = errorOf({ KAFKA_BROKERS: `ok:1,${wrong}` });
    assertStringIncludes(message, "KAFKA_BROKERS");
    assertStringIncludes(message, JSON.stringify(wrong));
    assertStringIncludes(message, "host:port");
  }
  assertStringIncludes(errorOf({ KAFKA_BROKERS: " , " }), '" , "');
  assertStringIncludes(errorOf({ KAFKA_BROKERS: "SASL_SSL://a:1" }), "without a protocol");
  errorOf({ KAFKA_BROKERS: "user:secret-1@a:1" });
});

Deno.test("both keys: SASL PLAIN over TLS; CLOUD=false switches it off", () => {
  const secured = config({ ...KEYS, KAFKA_CA: "ca.pem" });
  assertEquals(secured.sasl, { mechanism: "plain", username: "key-1", password: "secret-1" });
  assertEquals([secured.ssl, secured.caFile], [true, "ca.pem"]);
  const local = config({ ...KEYS, CLOUD: "false" });
  assertEquals([local.sasl, local.ssl], [undefined, false]);
  assertEquals(config({ CLOUD: "false" }).ssl, false);
});

Deno.test("one key without the other names the missing one, not the secret", () => {
  assertStringIncludes(errorOf({ API_KEY: "key-1" }), "without SECRET_KEY");
  assertStringIncludes(errorOf({ SECRET_KEY: "secret-1" }), "without API_KEY");
});

Deno.test("any other value of CLOUD is an error that says so", () => {
  for (const value of ["true", "FALSE", "0", "no", " "]) {
    const message = errorOf({ ...KEYS, CLOUD: value });
    assertStringIncludes(message, `CLOUD: received ${JSON.stringify(value)}; allowed is false`);
  }
});

Deno.test("an authority without TLS would be ignored: an error", () => {
  const plain = { KAFKA_SECURITY_PROTOCOL: "PLAINTEXT", KAFKA_CA: "ca.pem" };
  assertStringIncludes(errorOf(plain), 'KAFKA_CA (--kafka-ca): received "ca.pem" without TLS');
  assertStringIncludes(errorOf({ ...KEYS, CLOUD: "false", KAFKA_CA: "ca.pem" }), "KAFKA_CA");
});

Deno.test("the registry is an http address; its credentials stay out of the error", () => {
  assertEquals(config({ SCHEMA_REGISTRY: "http://localhost:8081" }).schemaRegistry, "http://localhost:8081");
  assertEquals(
    config({ SCHEMA_REGISTRY: "https://u:p@r.example/apis/ccompat/v7/" }).schemaRegistry,
    "https://u:p@r.example/apis/ccompat/v7",
  );
  for (const wrong of ["localhost:8081", "ftp://a", "http://", "http://a b"]) {
    const message = errorOf({ SCHEMA_REGISTRY: wrong });
    assertStringIncludes(message, `SCHEMA_REGISTRY: received ${JSON.stringify(wrong)}`);
    assertStringIncludes(message, "http://");
  }
  assertStringIncludes(errorOf({ SCHEMA_REGISTRY: "u:secret-1@localhost:8081" }), '"…@localhost:8081"');
  assertStringIncludes(errorOf({ SCHEMA_REGISTRY: "ftp://u:secret-1@localhost" }), '"ftp://…@localhost"');
});

Deno.test("a variable that a program's permissions came before is not set; who may not read an old one is told", () => {
  const old = ["KAFKA_BROKERS", "KAFKA_CA", "API_KEY", "SECRET_KEY", "CLOUD", "SCHEMA_REGISTRY"];
  const permitting = (names: readonly string[]) => (name: string): string | undefined => {
    if (names.includes(name)) return name === "KAFKA_BROKERS" ? "a.example:9093" : undefined;
    throw new Deno.errors.NotCapable(`Requires env access to "${name}", run again with the --allow-env flag`);
  };
  const { brokers, ssl, sasl } = connectionConfig(permitting(old));
  assertEquals([brokers, ssl, sasl], [["a.example:9093"], false, undefined]);
  for (const name of old) {
    const others = old.filter((other) => other !== name);
    assertThrows(() => connectionConfig(permitting(others)), Deno.errors.NotCapable, name);
  }
});
