import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { MECHANISMS } from "../../../src/kafka/security/security_config.ts";
import { login } from "../../../scripts/secrets/jaas.ts";
import { KAFKA_VERSION } from "../../../scripts/support/broker_config.ts";
import { cacheDir, exists } from "../../../scripts/support/cache.ts";
import { commandWorks, findJava } from "../../../scripts/support/commands.ts";
import { mavenFiles, mavenWorks } from "../../../scripts/support/maven.ts";
import { HARD_KEYS } from "../../tools/scripts/secrets_support.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const JARS = join(cacheDir(), `kafka-clients-${KAFKA_VERSION}`);
const java = await findJava();
// A single source file is compiled as it is started, which takes a JDK, not only a runtime.
const ignore = (java?.version ?? 0) < 17 || !(await commandWorks("javac", ["-version"])) ||
  !((await exists(JARS)) || (await mavenWorks()));

/** What Kafka's parser makes of each line: login module, then its options in the order of their names. */
async function parsedByKafka(lines: readonly string[]): Promise<string[][]> {
  const jars = await mavenFiles({
    what: `Kafka's clients ${KAFKA_VERSION}`,
    artifacts: [`org.apache.kafka:kafka-clients:${KAFKA_VERSION}`],
    into: JARS,
    report: () => {},
  });
  const source = new URL("./JaasCheck.java", import.meta.url).pathname;
  const child = new Deno.Command(java!.command, {
    args: ["-cp", join(jars, "*"), source],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const encode = (text: string) => new TextEncoder().encode(text).toBase64();
  const writer = child.stdin.getWriter();
  const input = new TextEncoder().encode(lines.map((line) => `${encode(line)}\n`).join(""));
  // Both at once: it answers each line, and would wait for who reads the answers.
  const [{ success, stdout, stderr }] = await Promise.all([
    child.output(),
    writer.write(input).then(() => writer.close()),
  ]);
  const decoder = new TextDecoder();
  assertEquals(success, true, decoder.decode(stderr));
  return decoder.decode(stdout).trimEnd().split("\n").map((line) =>
    line.split(" ").map((field) => decoder.decode(Uint8Array.fromBase64(field)))
  );
}

const MODULES: Readonly<Record<typeof MECHANISMS[number], string>> = {
  "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
  "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
  "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
  "OAUTHBEARER": "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule",
};

Deno.test({
  name:
    "Kafka's own parser reads the JAAS line of each mechanism back as the keys it was made of, by a login module that it has",
  ignore,
  async fn() {
    const { below } = seededRandom();
    const alphabet = [..."aZ09'\"\\$ #:;-{}é日🥋=/*!&|>%@`~ntu"];
    const random = Array.from(
      { length: 300 },
      () => Array.from({ length: 1 + below(60) }, () => alphabet[below(alphabet.length)]).join(""),
    );
    const keys = [...HARD_KEYS, ...random];
    const cases = MECHANISMS.flatMap((mechanism) =>
      keys.map((key, i) => {
        const secret = keys[(i + 1) % keys.length]!;
        const oauth = mechanism === "OAUTHBEARER";
        return {
          line: oauth
            ? login({ mechanism, scope: key, extensions: { logicalCluster: key } }, key, secret)
            : login({ mechanism }, key, secret),
          expected: oauth
            ? ["clientId", key, "clientSecret", secret, "extension_logicalCluster", key, "scope", key]
            : ["password", secret, "username", key],
          module: MODULES[mechanism],
        };
      })
    );
    assertEquals(
      await parsedByKafka(cases.map(({ line }) => line)),
      cases.map(({ module, expected }) => [module, ...expected]),
    );
  },
});
