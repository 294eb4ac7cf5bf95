import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readSecret, run } from "./secrets_support.ts";

const ENV = { API_KEY: "user", SECRET_KEY: "hush", BOOTSTRAP_SERVERS: "kafka.example.com:9093" };

/** A PEM block that is none but in its first line and its last, which is what the Secret's maker looks at. */
function block(label: string): string {
  return `-----BEGIN ${label}-----\naHVzaA==\n-----END ${label}-----\n`;
}

const FILES = {
  "ca.pem": block("CERTIFICATE"),
  "client.pem": block("CERTIFICATE"),
  "client.key": block("PRIVATE KEY"),
  "locked.key": block("ENCRYPTED PRIVATE KEY"),
};

Deno.test("each mechanism has its login module, and the chart's values for it are told", async (t) => {
  const cases: [string, RegExp][] = [
    ["PLAIN", /PlainLoginModule required username='user' password='hush';$/],
    ["SCRAM-SHA-256", /ScramLoginModule required username='user' password='hush';$/],
    ["SCRAM-SHA-512", /ScramLoginModule required username='user' password='hush';$/],
    ["OAUTHBEARER", /OAuthBearerLoginModule required clientId='user' clientSecret='hush';$/],
  ];
  for (const [mechanism, line] of cases) {
    await t.step(mechanism, async () => {
      const { code, stderr, written } = await run(["--sasl-mechanism", mechanism], { env: ENV });
      assertEquals(code, 0, stderr);
      const { data } = readSecret(written.get("kubernetes/.secrets.yaml")!);
      assertMatch(data["sasl-jaas-config"]!, line);
      assertEquals(Object.keys(data).length, 5);
      const values = `--set existingSecret=confluent-secrets,kafka.sasl.mechanism=${mechanism}`;
      assertEquals([stderr.includes("--set"), stderr.includes(values)], Array(2).fill(mechanism !== "PLAIN"));
    });
  }
});

Deno.test("scope and extensions of OAUTHBEARER stand in the line for Java clients", async () => {
  const flags = [
    "--oauth-scope",
    "kafka",
    "--oauth-extensions",
    "logicalCluster=lkc-1,identityPoolId=pool-1",
  ];
  const { stdout } = await run(["--stdout", "--sasl-mechanism", "OAUTHBEARER", ...flags], { env: ENV });
  assertStringIncludes(
    readSecret(stdout).data["sasl-jaas-config"]!,
    " scope='kafka' extension_logicalCluster='lkc-1' extension_identityPoolId='pool-1';",
  );
});

Deno.test("what a way in does not need is not asked for", async (t) => {
  const cases: [string[], string[]][] = [
    [[], ["hidden API_KEY:", "hidden SECRET_KEY:", "shown BOOTSTRAP_SERVERS:"]],
    [["--security-protocol", "SSL"], ["shown BOOTSTRAP_SERVERS:"]],
    [
      ["--security-protocol", "SSL", "--kafka-cert", "client.pem", "--kafka-key", "locked.key"],
      ["shown BOOTSTRAP_SERVERS:", "hidden KAFKA_KEY_PASSWORD:"],
    ],
    [
      ["--security-protocol", "PLAINTEXT", "--registry-auth", "basic"],
      ["shown BOOTSTRAP_SERVERS:", "shown SCHEMA_REGISTRY_USER:", "hidden SCHEMA_REGISTRY_PASSWORD:"],
    ],
    [
      ["--security-protocol", "PLAINTEXT", "--registry-auth", "bearer"],
      ["shown BOOTSTRAP_SERVERS:", "hidden SCHEMA_REGISTRY_TOKEN:"],
    ],
  ];
  for (const [args, asked] of cases) {
    await t.step(args.join(" "), async () => {
      const ran = await run(args, { files: FILES, typed: asked.map(() => "a:1").map(withoutColon(asked)) });
      assertEquals([ran.code, ran.asked], [0, asked], ran.stderr);
    });
  }
});

/** What is typed: an address where servers are asked for, else a word. */
function withoutColon(asked: readonly string[]): (text: string, index: number) => string {
  return (text, index) => asked[index]!.includes("SERVERS") ? text : "word";
}

Deno.test("certificates and what lets into the registry are keys of the Secret, and the chart's values name them", async () => {
  const { code, stderr, written } = await run([
    ...["--security-protocol", "SSL", "--kafka-ca", "ca.pem", "--kafka-cert", "client.pem"],
    ...["--kafka-key", "locked.key", "--registry-auth", "basic", "--schema-registry-ca", "ca.pem"],
    ...["--schema-registry-cert", "client.pem", "--schema-registry-key", "client.key", "--name", "keys"],
  ], {
    env: {
      BOOTSTRAP_SERVERS: "SSL://kafka.example.com:9093",
      KAFKA_KEY_PASSWORD: "opens",
      SCHEMA_REGISTRY_USER: "reader",
      SCHEMA_REGISTRY_PASSWORD: "p:w",
    },
    files: FILES,
  });
  assertEquals(code, 0, stderr);
  assertEquals(readSecret([...written.values()][0]!).data, {
    "bootstrap-servers": "kafka.example.com:9093",
    "bootstrap-servers-url": "SSL://kafka.example.com:9093",
    "ca.crt": FILES["ca.pem"],
    "tls.crt": FILES["client.pem"],
    "tls.key": FILES["locked.key"],
    "key-password": "opens",
    "schema-registry-user": "reader",
    "schema-registry-password": "p:w",
    "schema-registry-ca.crt": FILES["ca.pem"],
    "schema-registry-tls.crt": FILES["client.pem"],
    "schema-registry-tls.key": FILES["client.key"],
  });
  assertStringIncludes(
    stderr,
    "--set existingSecret=keys,kafka.security.protocol=SSL,kafka.ca.secret=keys," +
      "kafka.clientCertificate.secret=keys,kafka.clientCertificate.password=key-password," +
      "schemaRegistry.basic.secret=keys,schemaRegistry.ca.secret=keys,schemaRegistry.clientCertificate.secret=keys",
  );
});

Deno.test("a file's more values come with it, and are missed where they are needed", async () => {
  const text = "BOOTSTRAP_SERVERS=a:1\nSCHEMA_REGISTRY_TOKEN='hush'\nAPI_KEY=unused\n";
  const args = ["--stdout", "--security-protocol", "SSL", "--from-file", "x.env", "--registry-auth"];
  const bearer = await run([...args, "bearer"], { files: { "x.env": text } });
  assertEquals(bearer.code, 0, bearer.stderr);
  assertEquals(Object.keys(readSecret(bearer.stdout).data), [
    "bootstrap-servers",
    "bootstrap-servers-url",
    "schema-registry-token",
  ]);
  const basic = await run([...args, "basic"], { files: { "x.env": text } });
  assertEquals(basic.code, 2);
  assertMatch(basic.stderr, /x\.env: received no value of SCHEMA_REGISTRY_USER and SCHEMA_REGISTRY_PASSWORD/);
});

Deno.test("flags that don't go together and files that are something else are refused, their contents unseen", async (t) => {
  const cases: [string[], RegExp][] = [
    [
      ["--security-protocol", "SSL", "--sasl-mechanism", "SCRAM-SHA-512"],
      /--sasl-mechanism: received it with/,
    ],
    [
      ["--oauth-scope", "x"],
      /--oauth-scope: received it with the mechanism PLAIN; set --sasl-mechanism OAUTH/,
    ],
    [
      ["--sasl-mechanism", "OAUTHBEARER", "--oauth-extensions", "auth=x"],
      /--oauth-extensions.*expected names/,
    ],
    [["--security-protocol", "SASL_PLAINTEXT", "--kafka-ca", "ca.pem"], /--kafka-ca: received it with/],
    [["--kafka-cert", "client.pem"], /--kafka-cert: received it without --kafka-key; give both/],
    [["--schema-registry-key", "client.key"], /--schema-registry-key: received it without/],
    [
      ["--kafka-ca", "client.key"],
      /--kafka-ca: received a private key in client\.key; give a file with a cert/,
    ],
    [["--kafka-ca", "nothing.pem"], /--kafka-ca: received no PEM in nothing\.pem/],
    [
      ["--schema-registry-cert", "client.pem", "--schema-registry-key", "locked.key"],
      /--schema-registry-key: received a private key with a password/,
    ],
  ];
  for (const [args, message] of cases) {
    await t.step(args.join(" "), async () => {
      const ran = await run(args, { env: ENV, files: FILES });
      assertEquals([ran.code, ran.stdout, ran.written.size], [2, "", 0]);
      assertMatch(ran.stderr, message);
      assertEquals(/hush|aHVzaA/.test(ran.stderr), false);
    });
  }
});
