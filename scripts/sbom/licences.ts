/** What a package is for. `product`: what is published needs it. `tests`: only who works on kos has it. */
export type Part = "product" | "tests";

/** What is known of a package beside its name and version. */
export interface Known {
  /** As SPDX names it. */
  readonly licence: string;
  readonly part: Part;
}

/** The licences that what is published may be under: permissive ones, that go together with Apache-2.0. */
export const ALLOWED: readonly string[] = ["Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"];

/** The licences that a package may be under which tests alone use, and which is handed on to nobody. */
export const ALLOWED_IN_TESTS: readonly string[] = [...ALLOWED, "MPL-2.0"];

/** Each package of deno.lock; a test compares the licences with those of the packages as they are installed. */
export const PACKAGES: Readonly<Record<string, Known>> = {
  "@cyclonedx/cyclonedx-library": { licence: "Apache-2.0", part: "tests" },
  "@opentelemetry/api": { licence: "Apache-2.0", part: "product" },
  "ajv": { licence: "MIT", part: "tests" },
  "avsc": { licence: "MIT", part: "product" },
  "axe-core": { licence: "MPL-2.0", part: "tests" },
  "bintrees": { licence: "MIT", part: "product" },
  "deno-std": { licence: "MIT", part: "product" },
  "fast-deep-equal": { licence: "MIT", part: "tests" },
  "fast-uri": { licence: "BSD-3-Clause", part: "tests" },
  "json-schema-traverse": { licence: "MIT", part: "tests" },
  "kafkajs": { licence: "MIT", part: "product" },
  "long": { licence: "Apache-2.0", part: "product" },
  "playwright-core": { licence: "Apache-2.0", part: "tests" },
  "prom-client": { licence: "Apache-2.0", part: "product" },
  "protobufjs": { licence: "BSD-3-Clause", part: "product" },
  "require-from-string": { licence: "MIT", part: "tests" },
  "tdigest": { licence: "MIT", part: "product" },
  "zod": { licence: "MIT", part: "tests" },
};
