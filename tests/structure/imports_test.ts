import { assert, assertEquals, fail } from "@std/assert";

/** What each folder of src may import; itself always. A folder that is not named here fails the test. */
const ALLOWED: Record<string, string[]> = {
  game: [],
  cli: [],
  serde: [],
  kafka: ["serde"],
  engine: ["serde", "kafka"],
  metrics: ["serde", "kafka"],
  autoscale: [],
  datagen: ["cli", "game", "serde", "kafka", "engine", "metrics"],
  streams: ["cli", "game", "serde", "kafka", "engine", "metrics"],
  demo: ["cli", "game", "serde", "kafka", "engine", "metrics", "datagen", "streams"],
};

/** Packages that only one folder may know. */
const ONLY_IN: Record<string, string[]> = {
  kafkajs: ["kafka"],
  avsc: ["serde"],
  "prom-client": ["metrics", "datagen", "streams", "demo"],
};

const root = new URL("../../", import.meta.url);

async function* sources(folder: URL): AsyncGenerator<URL> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) yield* sources(new URL(`${entry.name}/`, folder));
    else if (entry.name.endsWith(".ts")) yield new URL(entry.name, folder);
  }
}

/** The specifiers of a module's imports and re-exports, those in comments left out. */
function specifiers(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  return [...code.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g)].map(([, specifier]) => specifier!);
}

Deno.test("imports point one way", async () => {
  let checked = 0;
  const wrong: string[] = [];
  for await (const file of sources(new URL("src/", root))) {
    const path = file.href.slice(root.href.length);
    const folder = path.split("/")[1]!;
    const allowed = ALLOWED[folder];
    if (allowed === undefined) fail(`${path} is in a folder that the test does not know: name it in ALLOWED`);
    for (const specifier of specifiers(await Deno.readTextFile(file))) {
      checked++;
      if (specifier.startsWith(".")) {
        const target = new URL(specifier, file).href.slice(root.href.length).split("/");
        if (target[0] === "deno.json") continue;
        const to = target[1]!;
        if (target[0] !== "src" || (to !== folder && !allowed!.includes(to))) {
          wrong.push(`${path} imports ${specifier}`);
        }
      } else {
        const name = specifier.replace(/^npm:/, "").split("/")[0]!;
        if (ONLY_IN[name] !== undefined && !ONLY_IN[name].includes(folder)) {
          wrong.push(`${path} imports ${specifier}`);
        }
      }
    }
  }
  assertEquals(wrong, []);
  assert(checked > 100, `only ${checked} imports were found: has the layout changed?`);
});
