import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { seededRandom } from "../../support/seeded_random.ts";
import { HARD_KEYS, readSecret, run } from "./secrets_support.ts";

const ENV = { API_KEY: "KEY-1", SECRET_KEY: "hush-hush", BOOTSTRAP_SERVERS: "pkc-1.example.com:9092" };

Deno.test("the Secret has the five keys that the deployments refer to", async () => {
  const { code, written } = await run([], { env: ENV });
  assertEquals(code, 0);
  assertEquals([...written.keys()], ["kubernetes/.secrets.yaml"]);
  assertEquals(readSecret(written.get("kubernetes/.secrets.yaml")!), {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "confluent-secrets" },
    type: "Opaque",
    data: {
      "api-key": "KEY-1",
      "secret-key": "hush-hush",
      "bootstrap-servers": "pkc-1.example.com:9092",
      "bootstrap-servers-url": "SASL_SSL://pkc-1.example.com:9092",
      "sasl-jaas-config":
        "org.apache.kafka.common.security.plain.PlainLoginModule required username='KEY-1' password='hush-hush';",
    },
  });
});

Deno.test("any key comes back from the YAML as it was", async (t) => {
  for (const hard of HARD_KEYS) {
    await t.step(hard, async () => {
      const { code, stdout } = await run(["--stdout"], {
        env: { ...ENV, API_KEY: hard, SECRET_KEY: `${hard}!` },
      });
      assertEquals(code, 0);
      const { data } = readSecret(stdout);
      assertEquals([data["api-key"], data["secret-key"]], [hard, `${hard}!`]);
    });
  }
});

Deno.test("random keys come back from the YAML as they were, whatever the length", async () => {
  const { below } = seededRandom();
  const alphabet = [..."aZ0'\"\\$ #:-{}é日🥋=;/*!&|>%@`~"];
  for (let i = 0; i < 200; i++) {
    const key = `k${Array.from({ length: 1 + below(120) }, () => alphabet[below(alphabet.length)]).join("")}`;
    const { stdout } = await run(["--stdout"], { env: { ...ENV, SECRET_KEY: key } });
    assertEquals(readSecret(stdout).data["secret-key"], key);
  }
});

Deno.test("quotes and backslashes have a backslash in the JAAS line, nothing else has", async () => {
  const { stdout } = await run(["--stdout"], {
    env: { ...ENV, API_KEY: `a'b`, SECRET_KEY: String.raw`c\d"e$f` },
  });
  assertStringIncludes(
    readSecret(stdout).data["sasl-jaas-config"]!,
    String.raw`required username='a\'b' password='c\\d"e$f';`,
  );
});

Deno.test("keys that a JAAS line or SASL PLAIN can't carry are refused without being shown", async (t) => {
  const cases: [string, string, RegExp][] = [
    ["a line end", "hush\nhush", /SECRET_KEY: received a line end \(U\+000A\) at character 5/],
    ["a carriage return", "hush-hush\r", /SECRET_KEY: received a line end \(U\+000D\) at character 10/],
    ["NUL", "hush\0", /SECRET_KEY: received a control character \(U\+0000\)/],
    ["an escape", "hush\x1b[0m", /SECRET_KEY: received a control character \(U\+001B\)/],
    ["white space only", "   ", /SECRET_KEY: received nothing but white space/],
    ["half a pair", "hush\ud800", /SECRET_KEY: received half a surrogate pair/],
  ];
  for (const [what, key, message] of cases) {
    await t.step(what, async () => {
      const ran = await run([], { env: { ...ENV, SECRET_KEY: key } });
      assertEquals([ran.code, ran.stdout, ran.written.size], [2, "", 0]);
      assertMatch(ran.stderr, message);
      assertEquals(ran.stderr.includes("hush"), false);
    });
  }
});

Deno.test("servers lose the console's prefix and the white space between them", async () => {
  const list = "SASL_SSL://pkc-1.example.com:9092, b_2:1 ,[2001:db8::1]:65535,10.0.0.1:9093";
  const { code, stdout } = await run(["--stdout"], { env: { ...ENV, BOOTSTRAP_SERVERS: list } });
  assertEquals(code, 0);
  const bare = "pkc-1.example.com:9092,b_2:1,[2001:db8::1]:65535,10.0.0.1:9093";
  assertEquals(readSecret(stdout).data["bootstrap-servers"], bare);
  assertEquals(readSecret(stdout).data["bootstrap-servers-url"], `SASL_SSL://${bare}`);
});

Deno.test("servers that are none are refused, saying which and why, without showing them", async (t) => {
  const cases: [string, RegExp][] = [
    ["hush", /no port as server 1 of 1; expected host:port/],
    ["a:9092,", /nothing as server 2 of 2/],
    ["a:9092,hush:0", /a port that is not from 1 to 65535 as server 2 of 2/],
    ["hush:65536", /a port that is not/],
    ["https://hush:443", /a protocol other than SASL_SSL/],
    ["hush-:9092", /a malformed host/],
    ["hush..x:9092", /a malformed host/],
    ["hu sh:9092", /a malformed host/],
    ["[hush]:9092", /a malformed host/],
    ["fe80::hush:9092", /a malformed host/],
    [`${"hush.".repeat(60)}x:9092`, /a malformed host/],
  ];
  for (const [servers, message] of cases) {
    await t.step(servers, async () => {
      const ran = await run([], { env: { ...ENV, BOOTSTRAP_SERVERS: servers } });
      assertEquals([ran.code, ran.written.size], [2, 0]);
      assertMatch(ran.stderr, message);
      assertEquals(ran.stderr.includes("hush"), false);
    });
  }
});

Deno.test("missing variables are all named; one set to nothing is missing", async () => {
  const one = await run([], { env: { API_KEY: "k", SECRET_KEY: "", BOOTSTRAP_SERVERS: "a:1" } });
  assertEquals(one.code, 2);
  assertMatch(one.stderr, /received no SECRET_KEY; set it, or use --from-file/);
  const all = await run([]);
  assertEquals(all.code, 2);
  assertMatch(all.stderr, /received no API_KEY and no SECRET_KEY and no BOOTSTRAP_SERVERS; set them/);
});

Deno.test("at a terminal only what is missing is asked for, and the keys are hidden", async () => {
  const ran = await run([], { env: { API_KEY: "k" }, typed: ["hush", "a:1"] });
  assertEquals(ran.code, 0);
  assertEquals(ran.asked, ["hidden SECRET_KEY:", "shown BOOTSTRAP_SERVERS:"]);
  assertEquals(readSecret([...ran.written.values()][0]!).data["secret-key"], "hush");
  const nothing = await run([], { env: ENV, typed: [] });
  assertEquals([nothing.code, nothing.asked.length], [0, 0]);
  const enter = await run([], { typed: ["k", ""] });
  assertEquals([enter.code, enter.written.size], [2, 0]);
  assertMatch(enter.stderr, /received no SECRET_KEY; type it/);
});

Deno.test("a dry run writes nothing and shows no value", async () => {
  const { code, stdout, stderr, written } = await run(["--dry-run", "--out", "x/y.yaml"], { env: ENV });
  assertEquals([code, written.size], [0, 0]);
  assertStringIncludes(stderr, "x/y.yaml");
  assertEquals(stdout.match(/: '\*{8}'$/gm)?.length, 5);
  for (const value of Object.values(ENV)) {
    assertEquals(stdout.includes(value), false);
    assertEquals(stdout.includes(btoa(value)), false);
  }
});

Deno.test("without --stdout no value is written to standard output or error, not even encoded", async () => {
  const { stdout, stderr } = await run([], { env: ENV });
  assertEquals(stdout, "");
  for (const value of [ENV.API_KEY, ENV.SECRET_KEY]) {
    assertEquals(stderr.includes(value) || stderr.includes(btoa(value)), false);
  }
});

Deno.test("name and namespace go into the metadata, and wrong ones are refused", async (t) => {
  const { stdout } = await run(["--stdout", "--name", "a.b-c", "--namespace", "kos"], { env: ENV });
  assertEquals(readSecret(stdout).metadata, { name: "a.b-c", namespace: "kos" });
  for (
    const args of [["--name", "A"], ["--name", "a_b"], ["--name", "a..b"], ["--namespace", "a.b"], [
      "--namespace",
      "x".repeat(64),
    ]]
  ) {
    await t.step(args.join(" "), async () => {
      const ran = await run(args, { env: ENV });
      assertEquals([ran.code, ran.written.size], [2, 0]);
      assertStringIncludes(ran.stderr, args[0]!);
    });
  }
});

Deno.test("flags that exclude each other, unknown ones and bare arguments are refused, keys in them unseen", async (t) => {
  const cases = [
    ["--stdout", "--dry-run"],
    ["--stdout", "--out", "x"],
    ["--secret-key=hush"],
    ["--secret-key", "hush"],
    ["--", "hush"],
    ["hush"],
  ];
  for (const args of cases) {
    await t.step(args.join(" "), async () => {
      const ran = await run(args, { env: ENV });
      assertEquals([ran.code, ran.stdout, ran.written.size], [2, "", 0]);
      assertMatch(ran.stderr, /^secrets: Cannot use .*received/);
      assertEquals(ran.stderr.includes("hush"), false);
    });
  }
});
