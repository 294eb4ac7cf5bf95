import { assert, assertEquals } from "@std/assert";
import { filesBelow, importsOf } from "./sources.ts";

/**
 * The layers of src, the lowest first, and what each may import besides itself. A name is a folder's files with
 * those of its sub-folders that have no line of their own, or one file; a name that ends in a slash is a folder with
 * everything in it.
 */
const ARROWS: Record<string, readonly string[]> = {
  "autoscale": [],
  "cli": ["secrecy"],
  "game": [],
  "metrics": ["autoscale", "secrecy"],
  "new": ["cli"],
  "secrecy": [],

  "serde": [],
  "serde/avro": ["serde", "secrecy"],
  "serde/json_schema": ["serde", "serde/avro"],
  "serde/protobuf": ["serde", "serde/avro"],
  "serde/mod.ts": ["serde", "serde/avro", "serde/json_schema", "serde/protobuf"],

  "kafka/port": [],
  "kafka/wire": ["kafka/port"],
  "kafka/common": ["kafka/port", "kafka/wire"],
  "kafka/memory": ["kafka/port", "kafka/common"],
  "kafka/security": ["kafka/port", "secrecy"],
  "kafka/config.ts": ["kafka/port", "kafka/security", "secrecy"],
  "kafka/client": [
    "kafka/port",
    "kafka/wire",
    "kafka/common",
    "kafka/security",
    "kafka/config.ts",
    "secrecy",
  ],
  "kafka/open_kafka_log.ts": ["kafka/port", "kafka/client", "kafka/config.ts"],
  "kafka/mod.ts": [
    "kafka/port",
    "kafka/common",
    "kafka/memory",
    "kafka/security",
    "kafka/client",
    "kafka/config.ts",
    "kafka/open_kafka_log.ts",
  ],

  "engine/errors.ts": [],
  "engine/windows": ["serde"],
  "engine/record": ["serde", "kafka/port"],
  "engine/state/bytes": ["kafka/port", "engine/record"],
  "engine/state": ["serde", "kafka/port", "engine/windows", "engine/record", "engine/state/bytes"],
  "engine/processors": [
    "serde",
    "kafka/port",
    "engine/errors.ts",
    "engine/windows",
    "engine/record",
    "engine/state/",
  ],
  "engine/topology": [
    "serde/",
    "kafka/port",
    "engine/errors.ts",
    "engine/record",
    "engine/state",
    "engine/processors",
  ],
  "engine/dsl": [
    "serde",
    "engine/errors.ts",
    "engine/windows",
    "engine/state",
    "engine/processors",
    "engine/topology",
  ],
  "engine/task": [
    "serde",
    "kafka/port",
    "engine/errors.ts",
    "engine/record",
    "engine/state/",
    "engine/processors",
    "engine/topology",
  ],
  "engine/app": [
    "serde",
    "kafka/port",
    "engine/errors.ts",
    "engine/record",
    "engine/state",
    "engine/topology",
    "engine/task",
  ],
  "engine/testing": [
    "serde",
    "kafka/port",
    "kafka/wire",
    "engine/record",
    "engine/state",
    "engine/topology",
    "engine/task",
  ],
  "engine/mod.ts": [
    "engine/errors.ts",
    "engine/windows",
    "engine/record",
    "engine/state/",
    "engine/processors",
    "engine/topology",
    "engine/dsl",
    "engine/task",
    "engine/app",
  ],

  "datagen": ["cli", "game", "metrics", "serde/", "kafka/", "engine/"],
  "dashboard": ["metrics", "secrecy", "engine/mod.ts"],
  "service": ["cli", "dashboard", "metrics", "serde/", "kafka/", "engine/"],
  "streams": ["cli", "game", "metrics", "serde/", "kafka/", "engine/", "service"],
  "scaling": ["autoscale", "cli", "metrics", "dashboard"],
  "demo": [
    "autoscale",
    "cli",
    "dashboard",
    "game",
    "metrics",
    "serde/",
    "kafka/",
    "datagen",
    "streams",
    "scaling",
  ],
};

/** Packages that only these may know. */
const ONLY_IN: Record<string, readonly string[]> = {
  avsc: ["serde/avro"],
  "prom-client": ["metrics", "datagen"],
  protobufjs: ["serde/protobuf"],
};

/** Files that import each other, and why that is as it should be. */
const CIRCLES: readonly { readonly files: readonly string[]; readonly reason: string }[] = [
  {
    files: [
      "src/engine/dsl/kgrouped_stream.ts",
      "src/engine/dsl/kgrouped_table.ts",
      "src/engine/dsl/kstream.ts",
      "src/engine/dsl/ktable.ts",
      "src/engine/dsl/session_windowed_stream.ts",
      "src/engine/dsl/time_windowed_stream.ts",
      "src/engine/dsl/windowed_aggregation.ts",
    ],
    reason:
      "a stream is grouped into a table, which is a stream again: each step returns the next one's class",
  },
];

const LAYERS: readonly string[] = Object.keys(ARROWS);

/** The layer of a file of src: the longest name that stands for it; `undefined` when none does. */
function layerOf(file: string): string | undefined {
  const path = file.slice("src/".length);
  return LAYERS.filter((layer) => path === layer || path.startsWith(`${layer}/`))
    .sort((a, b) => b.length - a.length)[0];
}

/** Whether a name in a layer's list stands for the layer. */
function standsFor(name: string, layer: string): boolean {
  return name === layer || (name.endsWith("/") && `${layer}/`.startsWith(name));
}

/** What the modules of src import: those of src, with the layers of both sides. */
const EDGES = filesBelow("src/", ".ts").flatMap((file) =>
  importsOf(file).files.filter((target) => target !== "deno.json").map((target) => ({
    file,
    target,
    from: layerOf(file),
    to: layerOf(target),
  }))
);

Deno.test("every file of src is in a layer that the test knows", () => {
  const strangers = filesBelow("src/", ".ts").filter((file) => layerOf(file) === undefined);
  assertEquals(strangers, [], "name the layer in ARROWS");
});

Deno.test("imports point one way", () => {
  const wrong = EDGES.filter(({ from, to }) =>
    from !== to && to !== undefined && !(ARROWS[from!] ?? []).some((name) => standsFor(name, to))
  );
  assertEquals(wrong.map(({ file, target, from, to }) => `${file} imports ${target}: ${from} → ${to}`), []);
  const outside = EDGES.filter(({ target }) => !target.startsWith("src/"));
  assertEquals(outside.map(({ file, target }) => `${file} imports ${target}`), []);
  assert(EDGES.length > 500, `only ${EDGES.length} imports were found: has the layout changed?`);
});

Deno.test("every arrow is one that an import uses", () => {
  const unused = Object.entries(ARROWS).flatMap(([from, names]) =>
    names.filter((name) =>
      !EDGES.some((edge) => edge.from === from && edge.to !== from && standsFor(name, edge.to!))
    ).map((name) => `${from} → ${name}`)
  );
  assertEquals(unused, [], "delete them");
});

Deno.test("the arrows make no circle", () => {
  const targets = (layer: string): string[] =>
    (ARROWS[layer] ?? []).flatMap((name) => LAYERS.filter((other) => standsFor(name, other)));
  assertEquals(circlesOf(Object.keys(ARROWS), targets), []);
});

Deno.test("each package is known where it is wrapped, and nowhere else", () => {
  const users = filesBelow("src/", ".ts").flatMap((file) =>
    importsOf(file).packages.map((name) => ({ file, name, layer: layerOf(file)! }))
  );
  const wrong = users.filter(({ name, layer }) =>
    ONLY_IN[name] !== undefined && !ONLY_IN[name].includes(layer)
  );
  assertEquals(wrong.map(({ file, name }) => `${file} imports ${name}`), []);
  const unused = Object.entries(ONLY_IN).flatMap(([name, layers]) =>
    layers.filter((layer) => !users.some((user) => user.name === name && user.layer === layer))
      .map((layer) => `${layer} does not import ${name}`)
  );
  assertEquals(unused, [], "delete them");
});

Deno.test("files of a layer import each other one way, but for the circles that have a reason", () => {
  const targets = (file: string): string[] =>
    EDGES.filter((edge) => edge.file === file && edge.from === edge.to).map((edge) => edge.target);
  const found = circlesOf(filesBelow("src/", ".ts"), targets).map((circle) => circle.sort().join("\n"));
  const known = CIRCLES.map(({ files }) => files.join("\n"));
  assertEquals(found.sort(), known.sort(), "an unknown circle, or one that is no more: delete it");
});

/** The groups of two and more nodes that reach each other. */
function circlesOf(nodes: readonly string[], targets: (node: string) => string[]): string[][] {
  const reached = new Map<string, Set<string>>();
  for (const node of nodes) {
    const seen = new Set<string>();
    const open = targets(node);
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...targets(next));
    }
    reached.set(node, seen);
  }
  const circles = new Map<string, string[]>();
  for (const node of nodes) {
    if (!reached.get(node)!.has(node)) continue;
    const circle = [...reached.get(node)!].filter((other) => reached.get(other)?.has(node)).sort();
    circles.set(circle[0]!, circle);
  }
  return [...circles.values()];
}
