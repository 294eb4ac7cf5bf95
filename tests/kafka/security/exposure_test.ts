import { assertEquals, assertStringIncludes } from "@std/assert";
import { KafkaLog } from "../../../src/kafka/client/kafka_log.ts";
import { connectionConfig } from "../../../src/kafka/config.ts";

/** What a log on Kafka warns of when it is made. */
async function warnings(variables: Readonly<Record<string, string>>): Promise<string[]> {
  const lines: string[] = [];
  const all: Record<string, string> = {
    API_KEY: "key-1",
    SECRET_KEY: "secret-1",
    KAFKA_SECURITY_PROTOCOL: "SASL_PLAINTEXT",
    ...variables,
  };
  const logger = { warn: (line: string) => void lines.push(line), error: () => {} };
  const log = new KafkaLog(connectionConfig((name) => all[name]), { logger });
  await log.close();
  return lines;
}

const FAR = { KAFKA_BROKERS: "localhost:9092,kafka.example:9092" };

Deno.test("a password or a token that goes to another machine without TLS is warned of, once", async () => {
  const [plain, ...more] = await warnings(FAR);
  assertStringIncludes(plain!, "the password of PLAIN goes to kafka.example:9092 without TLS");
  assertStringIncludes(plain!, "SASL_SSL");
  assertEquals(more, []);
  const [token] = await warnings({ ...FAR, KAFKA_OAUTH_TOKEN_URL: "https://id.example/token" });
  assertStringIncludes(token!, "the token of OAUTHBEARER goes to kafka.example:9092 without TLS");
});

Deno.test("nothing is warned of on this machine, with TLS, with SCRAM, and without credentials", async () => {
  assertEquals(await warnings({ KAFKA_BROKERS: "localhost:9092,127.0.0.1:1,[::1]:9092" }), []);
  assertEquals(await warnings({ ...FAR, KAFKA_SECURITY_PROTOCOL: "SASL_SSL" }), []);
  assertEquals(await warnings({ ...FAR, KAFKA_SASL_MECHANISM: "SCRAM-SHA-256" }), []);
  assertEquals(await warnings({ ...FAR, KAFKA_SECURITY_PROTOCOL: "", CLOUD: "false" }), []);
});
