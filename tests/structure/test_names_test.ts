import { assert, assertEquals } from "@std/assert";
import { filesBelow } from "./sources.ts";

/** Tests of what several files do together, and what that is; all others begin with the name of their file. */
const BEHAVIOURS: Record<string, string> = {
  "tests/autoscale/pains_test.ts": "what users of other autoscalers suffer from, each a test",
  "tests/autoscale/replay_test.ts":
    "the autoscaler's function against timelines of Kubernetes' own controller",
  "tests/dashboard/strangers_browser_test.ts": "pages of other origins at all that is served",
  "tests/engine/record/key_encodes_test.ts": "how often a topology encodes one record's key",
  "tests/engine/state/typed/windowed_restore_test.ts": "each windowed store comes back from its changelog",
  "tests/kafka/wire/record_batch/growing_writers_test.ts":
    "every writer of bytes, whatever room it begins with",
  "tests/kafka/wire/record_batch/kafkajs_test.ts": "record batches against kafkajs's",
  "tests/kafka/wire/record_batch/vectors_test.ts": "record batches against Kafka's own classes",
  "tests/serde/avro/resolution_test.ts": "Avro's rules for a writer's and a reader's schema",
  "tests/serde/bombs_test.ts": "crafted schemas, messages and answers, whatever reads them",
};

/** Folders of tests that are not of one folder of src. */
const OTHERS = ["integration", "reference", "structure", "support", "tools"];

const SOURCES = filesBelow("src/", ".ts");
const CONTRACTS = filesBelow("tests/", "_contract.ts");
const TESTS = filesBelow("tests/", "_test.ts").filter((file) => !OTHERS.includes(file.split("/")[1]!));

function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf("/"));
}

function nameOf(file: string): string {
  return file.slice(file.lastIndexOf("/") + 1).replace(/(_test)?\.ts$/, "");
}

/** Whether a test begins with the name of a file of src in or below its folder, or of a contract beside it. */
function isNamed(test: string): boolean {
  const folder = `${folderOf(test)}/`;
  const names = [
    ...SOURCES.filter((file) => file.startsWith(folder.replace(/^tests/, "src"))).map(nameOf),
    ...CONTRACTS.filter((file) => file.startsWith(folder)).map((file) =>
      nameOf(file).replace(/_contract$/, "")
    ),
  ];
  return names.some((name) => nameOf(test) === name || nameOf(test).startsWith(`${name}_`));
}

Deno.test("the folders of tests are those of src", () => {
  const folders = new Set(SOURCES.map(folderOf));
  const strangers = TESTS.filter((test) => ![...folders].some((folder) => isSame(folder, folderOf(test))));
  assertEquals(strangers, []);
  assert(TESTS.length > 80, `only ${TESTS.length} tests were found`);
});

/** Whether the folder of tests is that of src, or one that it is in. */
function isSame(src: string, tests: string): boolean {
  return `${src}/`.startsWith(`${tests.replace(/^tests/, "src")}/`);
}

Deno.test("a test has the name of the file that it tests", () => {
  const strangers = TESTS.filter((test) => !isNamed(test));
  assertEquals(strangers.sort(), Object.keys(BEHAVIOURS).sort());
});

Deno.test("the tests of tools are in the folders of the tools", () => {
  const tools = new Set(filesBelow("").map((file) => file.split("/")[0]));
  const strangers = filesBelow("tests/tools/").filter((file) => !tools.has(file.split("/")[2]));
  assertEquals(strangers, []);
});
