import { assertEquals, assertNotEquals } from "@std/assert";
import { CHANGELOGS, FinalValues, readContents } from "../../../bench/support/contents.ts";
import { MemoryLog } from "../../../src/kafka/mod.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function digestOf(records: readonly (readonly [key: string, value: string | null])[]): string {
  const final = new FinalValues();
  for (const [key, value] of records) final.put(bytes(key), value === null ? null : bytes(value));
  return final.digest();
}

Deno.test("the digest is of each key's last value, in whichever order the keys came", () => {
  const digest = digestOf([["a", "1"], ["b", "2"]]);
  assertEquals(digestOf([["b", "2"], ["a", "1"]]), digest);
  assertEquals(digestOf([["a", "0"], ["b", "1"], ["b", "2"], ["a", "1"]]), digest);
  assertEquals(digestOf([["c", "3"], ["a", "1"], ["c", null], ["b", "2"]]), digest);
  assertEquals(digestOf([]), "0000000000000000");
});

Deno.test("the digest differs with a value, a key, and where one ends", () => {
  const digest = digestOf([["a", "1"], ["b", "2"]]);
  for (
    const other of [
      [["a", "1"], ["b", "3"]],
      [["a", "2"], ["b", "1"]],
      [["a", "1"], ["c", "2"]],
      [["a", "1"]],
      [["a1", ""], ["b2", ""]],
    ] as [string, string][][]
  ) {
    assertNotEquals(digestOf(other), digest, JSON.stringify(other));
  }
});

Deno.test("contents are counted with the changelogs' names without the application id", async () => {
  const log = new MemoryLog();
  const topics = ["SESSIONS", ...CHANGELOGS.map((name) => `app-${name}`)];
  await log.createTopics(topics.map((topic) => ({ topic, partitions: 2 })));
  const producer = log.producer();
  topics.forEach((topic, i) => {
    for (let n = 0; n <= i; n++) {
      producer.append(topic, n % 2, n, { bytes: bytes(`key ${n}`), from: 0, to: 5 }, {
        bytes: bytes("value"),
        from: 0,
        to: 5,
      });
    }
  });
  await producer.close();
  const { counts, keys } = await readContents(log, "app");
  assertEquals(counts, { SESSIONS: 1, [CHANGELOGS[0]!]: 2, [CHANGELOGS[1]!]: 3, [CHANGELOGS[2]!]: 4 });
  assertEquals(keys, 1);
  await log.close();
});
