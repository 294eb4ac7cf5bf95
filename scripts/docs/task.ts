/**
 * The flags of `deno task docs`, apart from what it does: that imports the flags of all programs, and so these.
 *
 * @module
 */
import { type Program, toggle } from "../../src/cli/program.ts";

/** The flags of `deno task docs`. */
export interface DocsFlags {
  readonly check: boolean;
}

/** The task and its flags. */
export const DOCS: Program<DocsFlags> = {
  name: "docs",
  task: true,
  description:
    "Writes docs/flags.md from the tables of flags that the programs have, the table of permissions in docs/security.md, and src/dashboard/assets.ts from the page's files.",
  prefix: false,
  flags: { check: toggle("write nothing; exit 1 when a file is not as it would be written") },
};
