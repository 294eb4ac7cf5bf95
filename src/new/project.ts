/**
 * What a project is made of.
 *
 * @module
 */

/** Where a project gets kos from. */
export type Source =
  | {
    /** A registry. */
    readonly kind: "registry";
    /** What to import: `jsr:@kos/kos@^0.1.0`, or `npm:` of the same form. */
    readonly specifier: string;
  }
  | {
    /** A checkout on this machine. */
    readonly kind: "checkout";
    /** Its folder. */
    readonly path: string;
    /** Its version. */
    readonly version: string;
  }
  | {
    /** A package of npm in a file, which the project gets a copy of. */
    readonly kind: "packed";
    /** The file. */
    readonly path: string;
  };

/** What runs a project. */
export const RUNTIMES = ["deno", "node"] as const;

/** What runs a project. */
export type Runtime = typeof RUNTIMES[number];

/** A project that is to be written. */
export interface Project {
  /** Names it everywhere: application id, image, release. */
  readonly name: string;
  /** The topic that it reads. */
  readonly input: string;
  /** The topic that it writes. */
  readonly output: string;
  /** What runs it. */
  readonly runtime: Runtime;
  /** Where kos comes from. */
  readonly source: Source;
}

/** What is typed in a project. */
export interface Commands {
  /** What has to be done once, before all else. */
  readonly install?: string;
  /** Tests it. */
  readonly test: string;
  /** Checks its types, and what else its runtime checks. */
  readonly check: string;
  /** Starts the program. */
  readonly start: string;
  /** Lists the program's flags. */
  readonly help: string;
  /** Writes orders. */
  readonly send: string;
  /** Shows what came out. */
  readonly show: string;
  /** What goes into the image and is not there yet is built by this. */
  readonly build?: string;
}

/** A file of a project. */
export interface ProjectFile {
  /** Its name in the project's folder. */
  readonly name: string;
  readonly text: string;
}

/** The version that a project begins with, of itself and its image. */
export const FIRST_VERSION = "0.1.0";
