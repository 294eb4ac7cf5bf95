/**
 * `deno task size`: the memory of an instance at a load, before it runs. See `--help` and docs/sizing.md.
 *
 * @module
 */
import { format as bytesText } from "@std/fmt/bytes";
import { parseArguments } from "../src/cli/arguments.ts";
import { EXIT, main } from "../src/cli/main.ts";
import { choice, duration, integer, InvalidValue } from "../src/cli/parsers.ts";
import { type Program, toggle } from "../src/cli/program.ts";
import { writeAll } from "../src/cli/write.ts";
import { type MemorySize, memorySize } from "../src/streams/memory_size.ts";
import { DEFAULT_GRACE_MS } from "../src/streams/sessions_topology.ts";
import { DEFAULT_PARTITIONS } from "../src/service/settings.ts";
import { parseQuantity } from "./e2e/quantity.ts";
import { arcadeSizes } from "./support/arcade_sizes.ts";

interface Flags {
  rate: number;
  instances: number;
  partitions: number;
  grace: number;
  retention: number;
  keyBytes?: number;
  valueBytes?: number;
  sessionBytes?: number;
  framesPerSession: number;
  processingGuarantee: "at_least_once" | "exactly_once";
  cacheMaxBytes: number;
  standbyReplicas: number;
  memoryLimit?: number;
  json: boolean;
}

/** The sizes that a container's limit is chosen from, in GiB. */
const LIMITS_GIB = [0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
const GIB = 2 ** 30;

/** The task and its flags. */
export const SIZE: Program<Flags> = {
  name: "size",
  task: true,
  description:
    "Computes the memory that an instance of streams takes at a load, by store and buffer (docs/sizing.md).",
  flags: {
    rate: {
      value: "<records>",
      text: "records a second, requests and responses together, of all instances",
      parse: integer({ min: 1 }),
      default: 60_000,
    },
    instances: { value: "<count>", text: "that share the load", parse: integer({ min: 1 }), default: 1 },
    partitions: {
      value: "<count>",
      text: "of each topic",
      parse: integer({ min: 1 }),
      default: DEFAULT_PARTITIONS,
    },
    grace: {
      value: "<time>",
      text: "as of streams",
      parse: duration(),
      default: DEFAULT_GRACE_MS,
      defaultText: "30s",
    },
    retention: {
      value: "<time>",
      text: "as of streams; sessions that are kept for ever fit no memory",
      parse: duration({ min: 1 }),
      default: 3_600_000,
      defaultText: "1h",
    },
    keyBytes: { value: "<bytes>", text: "of a record", parse: integer({ min: 1 }), defaultText: "a frame's" },
    valueBytes: { value: "<bytes>", text: "of a record", parse: integer(), defaultText: "a frame's" },
    sessionBytes: {
      value: "<bytes>",
      text: "of a session",
      parse: integer(),
      defaultText: "of a frame's hits, times the frames",
    },
    framesPerSession: {
      value: "<count>",
      text: "requests with the same machine and millisecond",
      parse: integer({ min: 1 }),
      default: 1,
    },
    processingGuarantee: {
      value: "<which>",
      text: "as of streams",
      parse: choice("at_least_once", "exactly_once"),
      default: "at_least_once",
    },
    cacheMaxBytes: { value: "<bytes>", text: "as of streams", parse: integer(), default: 0 },
    standbyReplicas: { value: "<count>", text: "as of streams", parse: integer(), default: 0 },
    memoryLimit: {
      value: "<quantity>",
      text: "such as 1Gi: says whether it is enough, and exits with 1 when it is not",
      parse: quantity,
    },
    json: toggle("print JSON"),
  },
};

function quantity(text: string): number {
  try {
    const bytes = parseQuantity(text);
    if (bytes >= 1) return bytes;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new InvalidValue("expected bytes, or a quantity such as 512Mi or 2Gi");
}

if (import.meta.main) {
  await main("size", async () => {
    const flags = parseArguments(SIZE, Deno.args);
    const sizes = await arcadeSizes();
    const size = memorySize({
      ...flags,
      recordsPerSecond: flags.rate,
      graceMs: flags.grace,
      retentionMs: flags.retention,
      keyBytes: flags.keyBytes ?? sizes.keyBytes,
      valueBytes: flags.valueBytes ?? sizes.valueBytes,
      sessionBytes: flags.sessionBytes ?? sizes.sessionBytes(flags.framesPerSession),
    });
    const fits = LIMITS_GIB.find((limit) => limit * GIB >= size.totalBytes);
    writeAll(
      Deno.stdout,
      flags.json ? JSON.stringify({ ...size, fitsGib: fits ?? null }, null, 2) + "\n" : table(size, fits),
    );
    const { memoryLimit } = flags;
    if (memoryLimit === undefined) return EXIT.ok;
    const enough = memoryLimit >= size.totalBytes;
    writeAll(
      Deno.stderr,
      enough
        ? `${bytesText(memoryLimit)} are enough.\n`
        : `${
          bytesText(memoryLimit)
        } are not enough: shorten --retention or --grace, share the load among more --instances, ` +
          `or keep the stores on disk (--store sqlite).\n`,
    );
    return enough ? EXIT.ok : EXIT.failure;
  });
}

function table(size: MemorySize, fits: number | undefined): string {
  const row = (name: string, entries: string, bytes: number): string =>
    `${name.padEnd(20)} ${entries.padStart(12)} ${bytesText(bytes).padStart(10)}\n`;
  let text = "of an instance          entries      bytes\n";
  for (const { name, entries, bytes } of size.stores) text += row(name, String(entries), bytes);
  for (const { name, bytes } of size.others) if (bytes > 0) text += row(name, "", bytes);
  text += row("total", "", size.totalBytes);
  text += `\n--state-max-bytes of at least ${Math.ceil(size.stateBytes)}; `;
  return text +
    (fits === undefined ? "no usual limit is enough\n" : `a memory limit of ${fits}Gi is enough\n`);
}
