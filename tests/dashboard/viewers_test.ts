import { assertEquals, assertStrictEquals } from "@std/assert";
import { Viewers } from "../../src/dashboard/viewers.ts";

Deno.test("viewers: an event lies in memory once, however many have not taken it", async () => {
  const viewers = new Viewers(() => {});
  const [past, next] = [{ text: "data: 1\n\n" }, { text: "data: 2\n\n" }];
  const readers = Array.from(
    { length: 3 },
    () => viewers.add(["event: hello\n\n", past]).body!.getReader(),
  );
  viewers.send(next);
  const taken = await Promise.all(readers.map(async (reader) => {
    const chunks: (Uint8Array | undefined)[] = [];
    for (let i = 0; i < 3; i++) chunks.push((await reader.read()).value);
    return chunks;
  }));
  for (const [hello, first, second] of taken) {
    assertEquals(new TextDecoder().decode(hello), "event: hello\n\n");
    assertEquals(new TextDecoder().decode(second), next.text);
    assertStrictEquals(first, taken[0]![1]);
    assertStrictEquals(second, taken[0]![2]);
  }
  viewers.close();
});
