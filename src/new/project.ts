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
  };

/** A project that is to be written. */
export interface Project {
  /** Names it everywhere: application id, image, release. */
  readonly name: string;
  /** The topic that it reads. */
  readonly input: string;
  /** The topic that it writes. */
  readonly output: string;
  /** Where kos comes from. */
  readonly source: Source;
}

/** A file of a project. */
export interface ProjectFile {
  /** Its name in the project's folder. */
  readonly name: string;
  readonly text: string;
}

/** The version that a project begins with, of itself and its image. */
export const FIRST_VERSION = "0.1.0";
