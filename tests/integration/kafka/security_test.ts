/**
 * Who gets in, and what who does not is told: one broker with an authority of its own and a listener for each way to
 * secure a connection. Prints the table that docs/security.md has.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createPrivateKey } from "node:crypto";
import { describeError } from "../../../src/cli/main.ts";
import { say } from "../../../src/cli/write.ts";
import { connectionConfig } from "../../../src/kafka/config.ts";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { ConfigError, isFinal } from "../../../src/kafka/port/errors.ts";
import { Authority } from "../../support/authority.ts";
import {
  type Listener,
  PASSWORD,
  type SecuredBroker,
  SHORT_MS,
  startSecuredBroker,
  USER,
} from "../../support/secured_broker.ts";
import { json, TokenEndpoint, unsigned } from "../../support/token_endpoint.ts";
import { appendRecords, recordsOf } from "../../kafka/port/records.ts";
import { quiet } from "./broker.ts";

type Variables = Readonly<Record<string, string>>;

/** A case: what it is, where it goes, with which variables, and what is said (nothing: it gets in). */
type Case = readonly [what: string, to: Listener, variables: Variables, says?: string];

const KEYS = { API_KEY: USER, SECRET_KEY: PASSWORD };
const PLAINTEXT = { KAFKA_SECURITY_PROTOCOL: "SASL_PLAINTEXT" };
const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

Deno.test("kafka only: who has the right credentials gets in by all ways, and who has not is told at once what to do", async () => {
  await using broker = await startSecuredBroker();
  await using tokens = await TokenEndpoint.start((_, response) =>
    json(response, 200, { access_token: unsigned(USER, 600), expires_in: 600 })
  );
  await using expired = await TokenEndpoint.start((_, response) =>
    json(response, 200, { access_token: unsigned(USER, -600), expires_in: 600 })
  );
  await using refusing = await TokenEndpoint.start((_, response) =>
    json(response, 401, { error: "invalid_client" })
  );
  const rows: (readonly string[])[] = [];
  const cases = [
    ...rightCases(broker, tokens.url),
    ...wrongCases(broker, { tokens: tokens.url, expired: expired.url, refusing: refusing.url }),
  ];
  for (const [what, to, variables, says] of cases) {
    const error = await tried({ ...variables, KAFKA_BROKERS: broker.address(to) });
    const message = error === undefined ? "gets in" : describeError(error);
    rows.push([what, error === undefined ? "0" : error instanceof ConfigError ? "2" : "1", message]);
    assertStringIncludes(message, says ?? "gets in", what);
    if (error !== undefined) assert(isFinal(error), `${what}: waiting would hide ${message}`);
    for (const secret of [PASSWORD, "guessed", "pass-of-key"]) assert(!message.includes(secret), what);
  }
  say(table(rows, broker.folder));
  assertEquals(tokens.asked.length, 2); // one for each client, whatever its connections
  await renews(broker);
  await waits(broker);
  await programs(broker);
});

function rightCases({ file, authority }: SecuredBroker, tokenUrl: string): Case[] {
  const ca = { KAFKA_CA: file("ca.pem", authority.cert) };
  const own = authority.issue(USER);
  const key = createPrivateKey(own.key).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "pass-of-key",
  });
  const files = {
    API_KEY_FILE: file("user", `${USER}\n`),
    SECRET_KEY_FILE: file("password", `${PASSWORD}\n`),
  };
  const oauth = { KAFKA_OAUTH_TOKEN_URL: tokenUrl };
  return [
    ["no credentials, no TLS", "PLAINTEXT", {}],
    ["credentials, but CLOUD=false", "PLAINTEXT", { ...KEYS, CLOUD: "false" }],
    ["TLS without SASL", "TLS", ca],
    ["mTLS, the key encrypted", "MTLS", {
      ...ca,
      KAFKA_CERT: file("right.pem", own.cert),
      KAFKA_KEY: file("right.key", key as string),
      KAFKA_KEY_PASSWORD: "pass-of-key",
    }],
    ...MECHANISMS.flatMap((KAFKA_SASL_MECHANISM): Case[] => [
      [`${KAFKA_SASL_MECHANISM} without TLS`, "SASLPLAIN", { ...KEYS, ...PLAINTEXT, KAFKA_SASL_MECHANISM }],
      [`${KAFKA_SASL_MECHANISM} over TLS, from files`, "SASLTLS", { ...files, ...ca, KAFKA_SASL_MECHANISM }],
    ]),
    ["OAUTHBEARER without TLS", "SASLPLAIN", { ...KEYS, ...PLAINTEXT, ...oauth }],
    ["OAUTHBEARER over TLS, with extensions", "SASLTLS", {
      ...files,
      ...ca,
      ...oauth,
      KAFKA_OAUTH_EXTENSIONS: "logicalCluster=lkc-1",
    }],
  ];
}

function wrongCases(
  { file, authority }: SecuredBroker,
  url: { readonly tokens: string; readonly expired: string; readonly refusing: string },
): Case[] {
  const ca = { KAFKA_CA: file("ca.pem", authority.cert) };
  const over = { ...KEYS, ...ca };
  const stranger = new Authority("stranger");
  const strange = stranger.issue(USER);
  const [own, old] = [authority.issue(USER), authority.issue(USER, { days: 0 })];
  const cert = (name: string, text: string) => ({ ...ca, KAFKA_CERT: file(`${name}.pem`, text) });
  const key = (name: string, text: string) => ({ KAFKA_KEY: file(`${name}.key`, text) });
  const locked = createPrivateKey(own.key).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "pass-of-key",
  }) as string;
  return [
    ...MECHANISMS.map((KAFKA_SASL_MECHANISM): Case => [
      `${KAFKA_SASL_MECHANISM}, wrong password`,
      "SASLTLS",
      { ...over, SECRET_KEY: "guessed", KAFKA_SASL_MECHANISM },
      "check API_KEY and SECRET_KEY",
    ]),
    ["PLAIN, wrong password in a file", "SASLTLS", {
      ...ca,
      API_KEY: USER,
      SECRET_KEY_FILE: file("other-password", "guessed"),
    }, "check API_KEY and SECRET_KEY_FILE ("],
    ["a user that nobody knows", "SASLTLS", { ...over, API_KEY: "nobody" }, "check API_KEY and SECRET_KEY"],
    ["a user without a password", "SASLTLS", { ...ca, API_KEY: USER }, "received it without SECRET_KEY"],
    ["a file of a password that is not there", "SASLTLS", {
      ...ca,
      API_KEY: USER,
      SECRET_KEY_FILE: "/etc/kos/none",
    }, "SECRET_KEY_FILE (--secret-key-file): received"],
    ["no credentials where some are wanted", "SASLTLS", ca, "set API_KEY and SECRET_KEY"],
    [
      "credentials where none are taken",
      "PLAINTEXT",
      { ...KEYS, ...PLAINTEXT },
      "or set CLOUD=false to send none",
    ],
    [
      "credentials where TLS alone is wanted",
      "TLS",
      over,
      "or leave API_KEY and SECRET_KEY, or their files, out and set KAFKA_SECURITY_PROTOCOL",
    ],
    [
      "a mechanism that is not enabled",
      "ONLYPLAIN",
      { ...over, KAFKA_SASL_MECHANISM: "SCRAM-SHA-512" },
      "but PLAIN; set KAFKA_SASL_MECHANISM",
    ],
    [
      "a token that has expired",
      "SASLTLS",
      { ...over, KAFKA_OAUTH_TOKEN_URL: url.expired },
      "the token is refused: invalid_token; check what KAFKA_OAUTH_TOKEN_URL gives",
    ],
    [
      "a client that gets no token",
      "SASLTLS",
      { ...over, KAFKA_OAUTH_TOKEN_URL: url.refusing },
      "HTTP 401 (invalid_client); check API_KEY and SECRET_KEY",
    ],
    [
      "a token endpoint without TLS elsewhere",
      "SASLTLS",
      { ...over, KAFKA_OAUTH_TOKEN_URL: "http://id.example/token" },
      "KAFKA_OAUTH_TOKEN_URL (--oauth-token-url)",
    ],
    [
      "an authority that nobody trusts here",
      "TLS",
      { KAFKA_SECURITY_PROTOCOL: "SSL" },
      "set KAFKA_CA to a PEM",
    ],
    [
      "another authority",
      "TLS",
      { KAFKA_CA: file("stranger.pem", stranger.cert) },
      "set KAFKA_CA to a PEM file",
    ],
    ["KAFKA_CA without a certificate", "TLS", { KAFKA_CA: file("empty.pem", "") }, "no certificate in it"],
    ["a broker's certificate that has expired", "EXPIRED", ca, "it expired on 20"],
    ["a broker's certificate of another name", "OTHERNAME", ca, "name the broker in KAFKA_BROKERS"],
    ["no certificate where one is wanted", "MTLS", ca, "set KAFKA_CERT and KAFKA_KEY"],
    [
      "a client's certificate that is not trusted",
      "MTLS",
      { ...cert("strange", strange.cert), ...key("strange", strange.key) },
      "KAFKA_CERT has to be valid by the broker's clock",
    ],
    [
      "a client's certificate that has expired",
      "MTLS",
      { ...cert("old", old.cert), ...key("old", old.key) },
      "KAFKA_CERT (--kafka-cert): received",
    ],
    ["a certificate without its key", "MTLS", cert("own", own.cert), "received it without KAFKA_KEY"],
    [
      "a key that does not fit",
      "MTLS",
      { ...cert("own", own.cert), ...key("old", old.key) },
      "a key that does not fit the certificate",
    ],
    [
      "an encrypted key without its password",
      "MTLS",
      { ...cert("own", own.cert), ...key("locked", locked) },
      "set KAFKA_KEY_PASSWORD or KAFKA_KEY_PASSWORD_FILE",
    ],
    ["TLS to a port without", "PLAINTEXT", ca, "this port speaks no TLS"],
    ["TLS to a port without, with credentials", "SASLPLAIN", over, "this port speaks no TLS"],
    ["no TLS to a port with", "TLS", {}, "this port speaks TLS, and this client does not"],
  ];
}

/** What comes of asking a broker something. */
async function tried(variables: Variables): Promise<unknown> {
  let log: KafkaLog | undefined;
  try {
    log = new KafkaLog(connectionConfig((name) => variables[name]), { logger: quiet });
    await log.describeTopics(["t"]);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await log?.close();
  }
}

/** With what differs from run to run left out. */
function table(rows: readonly (readonly string[])[], folder: string): string {
  const plain = (text: string) =>
    text.replaceAll(folder, "/etc/kos").replace(/localhost:\d+/g, "broker:9093")
      .replace(/http:\/\/broker:9093/g, "https://id.example").replace(
        /(\d{4}-\d\d-\d\d)T[\d:.]+Z/g,
        "$1",
      )
      .replaceAll("|", "\\|");
  return ["| case | exit code | message |", "| --- | --- | --- |"]
    .concat(rows.map((row) => `| ${row.map(plain).join(" | ")} |`)).join("\n");
}

/**
 * Connections that have to present a token anew every few seconds do, each time a fresh one, and lose nothing; and a
 * password that changes in its file is used at the next connection.
 */
async function renews({ address, file }: SecuredBroker): Promise<void> {
  await using endpoint = await TokenEndpoint.start((_, response) =>
    // The broker takes it for longer than is told here, so that a machine may be slow.
    json(response, 200, { access_token: unsigned(USER, 600), expires_in: SHORT_MS / 1000 })
  );
  const secret = file("client-secret", "first");
  const variables: Variables = {
    ...PLAINTEXT,
    KAFKA_BROKERS: address("SHORT"),
    KAFKA_OAUTH_TOKEN_URL: endpoint.url,
    API_KEY: USER,
    SECRET_KEY_FILE: secret,
  };
  const log = new KafkaLog(connectionConfig((name) => variables[name]), { logger: quiet });
  await log.createTopics([{ topic: "renewed", partitions: 1 }]);
  const [producer, fetcher] = [log.producer(), log.fetcher()];
  fetcher.assign({ topic: "renewed", partition: 0 }, 0);
  const seen: string[] = [];
  let written = 0;
  const write = async (): Promise<void> => {
    appendRecords(producer, "renewed", [{ partition: 0, value: `${written++}` }]);
    await producer.flush();
    for (const { value } of recordsOf(await fetcher.poll(20))) seen.push(value!);
  };
  await write();
  // Its third token: two lives of a connection.
  while (endpoint.asked.length < 3) await write();
  file("client-secret", "second");
  const used = (): boolean => atob(endpoint.asked.at(-1)!.authorization.slice(6)).endsWith(":second");
  while (!used()) await write();
  while (seen.length < written) for (const { value } of recordsOf(await fetcher.poll(20))) seen.push(value!);
  assertEquals(seen, Array.from({ length: written }, (_, i) => `${i}`));
  await Promise.all([producer.close(), fetcher.close(), log.close()]);
}

/**
 * A password that is refused while an application runs, as amid a rotation, is tried again until it is right: nothing
 * is given up, and what fails is told.
 */
async function waits({ address, file }: SecuredBroker): Promise<void> {
  const variables: Variables = {
    ...PLAINTEXT,
    KAFKA_BROKERS: address("SHORT"),
    KAFKA_SASL_MECHANISM: "SCRAM-SHA-256",
    API_KEY: USER,
    SECRET_KEY_FILE: file("turned", PASSWORD),
  };
  const log = new KafkaLog(connectionConfig((name) => variables[name]), { logger: quiet });
  await log.createTopics([{ topic: "turned", partitions: 1 }]);
  const [producer, fetcher] = [log.producer(), log.fetcher()];
  fetcher.assign({ topic: "turned", partition: 0 }, 0);
  const seen: (string | null)[] = [];
  const read = async (): Promise<void> => {
    for (const { value } of recordsOf(await fetcher.poll(20))) seen.push(value);
  };
  const write = (value: string): Promise<void> => {
    appendRecords(producer, "turned", [{ partition: 0, value }]);
    return producer.flush();
  };
  await write("before");
  file("turned", "guessed");
  let written: Promise<void> | undefined;
  // Until a connection that is due is refused, then a record that finds none that stands.
  while (!log.health.lastFailure?.includes("the credentials are refused")) await read();
  const refusals = log.health.failures + 10;
  while (log.health.failures < refusals) {
    written ??= write("amid");
    await read();
  }
  file("turned", PASSWORD);
  await written;
  while (seen.length < 2) await read();
  assertEquals(seen, ["before", "amid"]);
  await Promise.all([producer.close(), fetcher.close(), log.close()]);
}

/** The programs themselves: by flags, variables and files, and how they end. */
async function programs(broker: SecuredBroker): Promise<void> {
  const { file, folder, address, authority } = broker;
  const own = authority.issue(USER);
  const ca = file("ca.pem", authority.cert);
  const files = ["--api-key-file", file("user", USER), "--secret-key-file", file("password", PASSWORD)];
  const run = async (args: readonly string[], env: Variables): Promise<{ code: number; said: string }> => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", `--allow-read=${folder}`, ...args],
      env: { NO_COLOR: "1", KOS_CONTROL_PORT: "off", ...env, KAFKA_BROKERS: "" },
    }).output();
    return { code, said: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  };
  const gen = ["-P=gen", "src/datagen/main.ts", "--count", "5", "--replication-factor", "1"];
  const secured = ["--brokers", address("SASLTLS"), "--kafka-ca", ca];
  const written = await run([...gen, ...secured, "--sasl-mechanism", "SCRAM-SHA-256", ...files], {});
  assertEquals(written.code, 0, written.said);
  const streams = ["-P=streams", "src/streams/main.ts", "--reset"];
  const looked = await run([...streams, "--brokers", address("MTLS"), "--kafka-ca", ca], {
    KAFKA_CERT: file("program.pem", own.cert),
    KAFKA_KEY: file("program.key", own.key),
  });
  assertEquals(looked.code, 0, looked.said);
  const wrong = await run([...gen, ...secured], { API_KEY: USER, SECRET_KEY: "guessed" });
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.said, "gen: Cannot use Kafka at ");
  // Had it waited for a broker, it would have said so.
  for (const part of ["guessed", "waiting for a broker"]) assert(!wrong.said.includes(part), wrong.said);
  const empty = ["--brokers", address("TLS"), "--kafka-ca", file("empty.pem", "")];
  const refused = await run(["-P=streams", "src/streams/main.ts", ...empty], {});
  assertEquals(refused.code, 2, refused.said);
  assertStringIncludes(refused.said, "Cannot use KAFKA_CA (--kafka-ca)");
}
