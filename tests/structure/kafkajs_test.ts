import { assertEquals } from "@std/assert";

const root = new URL("../../", import.meta.url);

async function* sources(folder: URL): AsyncGenerator<URL> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) yield* sources(new URL(`${entry.name}/`, folder));
    else if (entry.name.endsWith(".ts")) yield new URL(entry.name, folder);
  }
}

Deno.test("one file of src imports kafkajs, and only modules of its inside", async () => {
  const importers = new Map<string, string[]>();
  for await (const file of sources(new URL("src/", root))) {
    const found = [...(await Deno.readTextFile(file)).matchAll(/"(?:npm:\/?)?(kafkajs(?:[/@][^"]*)?)"/g)];
    if (found.length > 0) importers.set(file.href.slice(root.href.length), found.map(([, name]) => name!));
  }
  assertEquals([...importers.keys()], ["src/kafka/client/kafkajs_internals.ts"]);
  assertEquals([...importers.values()].flat().filter((name) => !name.includes("/")), []);
});
