import { assertEquals, assertMatch } from "@std/assert";
import { HARD_KEYS, readSecret, run } from "./secrets_support.ts";

const FILES: Readonly<Record<string, string>> = {
  "a.env":
    `# the cloud\n\nexport API_KEY=KEY-1\r\nSECRET_KEY = "hu\\"sh \\$x \\\\ # '"\nOTHER=1\nBOOTSTRAP_SERVERS='a:1,b:2'\n`,
  "a.json": JSON.stringify({
    "api-key": "KEY-1",
    "secret-key": `hu"sh $x \\ # '`,
    "bootstrap-servers": "a:1,b:2",
    x: 1,
  }),
  "a.yaml": `API_KEY: KEY-1\nSECRET_KEY: "hu\\"sh $x \\\\ # '"\nBOOTSTRAP_SERVERS: a:1,b:2\n`,
};

Deno.test("all formats of a file give the same values", async (t) => {
  for (const path of ["a.env", "a.json", "a.yaml"]) {
    await t.step(path, async () => {
      const { code, stdout, stderr } = await run(["--stdout", "--from-file", path], { files: FILES });
      assertEquals([code, stderr], [0, ""]);
      const { data } = readSecret(stdout);
      assertEquals([data["api-key"], data["secret-key"], data["bootstrap-servers"]], [
        "KEY-1",
        `hu"sh $x \\ # '`,
        "a:1,b:2",
      ]);
    });
  }
});

Deno.test("standard input is lines, or JSON when it begins with a brace", async (t) => {
  for (const path of ["a.env", "a.json"]) {
    await t.step(path, async () => {
      const { code, stdout } = await run(["--stdout", "--from-file", "-"], { files: { "-": FILES[path]! } });
      assertEquals(code, 0);
      assertEquals(readSecret(stdout).data["secret-key"], `hu"sh $x \\ # '`);
    });
  }
});

Deno.test("any key can be given by a file, in double quotes", async () => {
  for (const key of HARD_KEYS) {
    const quoted = `"${key.replace(/[\\"]/g, "\\$&")}"`;
    const text = `API_KEY=k\nSECRET_KEY=${quoted}\nBOOTSTRAP_SERVERS=a:1\n`;
    const { code, stdout } = await run(["--stdout", "--from-file", "x"], { files: { x: text } });
    assertEquals(code, 0, key);
    assertEquals(readSecret(stdout).data["secret-key"], key);
  }
});

Deno.test("a file's values are used alone: the environment does not fill in", async () => {
  const { code, stderr } = await run(["--from-file", "x.env"], {
    env: { API_KEY: "k", SECRET_KEY: "s", BOOTSTRAP_SERVERS: "a:1" },
    files: { "x.env": "API_KEY=hush\nBOOTSTRAP_SERVERS=\n" },
  });
  assertEquals(code, 2);
  assertMatch(stderr, /x\.env: received no value of SECRET_KEY and BOOTSTRAP_SERVERS/);
});

Deno.test("a file that can't be read for sure is refused, naming the line but nothing of the text", async (t) => {
  const cases: [string, string, RegExp][] = [
    ["a.env", "API_KEY=k\nSECRET_KEY=hush #x\n", /a\.env, line 2: received a value with white space and #/],
    ["a.env", "API_KEY=k\nhush\n", /a\.env, line 2: received no NAME=value/],
    ["a.env", "SECRET_KEY='hush\n", /line 1: received a value that begins with ' and does not end/],
    ["a.env", `SECRET_KEY="hush" x\n`, /line 1: received a value that begins with "/],
    ["a.env", String.raw`SECRET_KEY="hush\q"`, /line 1: received an unknown escape/],
    ["a.env", "API_KEY=hush\napi-key=hush\n", /received API_KEY twice/],
    ["a.json", `{"SECRET_KEY": hush}`, /a\.json: received text that is no JSON/],
    ["a.json", `["hush"]`, /received no mapping/],
    [
      "a.json",
      `{"SECRET_KEY": ["hush"]}`,
      /received a value of SECRET_KEY that is no text; put it in quotes/,
    ],
    ["a.yaml", "SECRET_KEY: 'hush\n", /received text that is no YAML/],
    ["a.yaml", "SECRET_KEY: 123\nAPI_KEY: hush", /received a value of SECRET_KEY that is no text/],
    ["a.yaml", "hush", /received no mapping/],
    ["a.env", "", /received no value of API_KEY and SECRET_KEY and BOOTSTRAP_SERVERS/],
  ];
  for (const [path, text, message] of cases) {
    await t.step(text, async () => {
      const ran = await run(["--from-file", path], { files: { [path]: text } });
      assertEquals([ran.code, ran.stdout, ran.written.size], [2, "", 0]);
      assertMatch(ran.stderr, message);
      assertEquals(ran.stderr.includes("hush"), false);
    });
  }
});
