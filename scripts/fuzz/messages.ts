import type { Fault } from "./finding.ts";

/** What one target's process is to do; its argument, as JSON. */
export interface Order {
  readonly target: string;
  readonly seed: number;
  /** Ends at this time, in ms since the epoch, as starting a process takes a part of what it has, */
  readonly until: number;
  /** or after so many inputs. */
  readonly inputs: number;
  /** The URL of the module whose `TARGETS` has the target; left out, it is the product's. */
  readonly targets?: string;
  /** Only this input, in base64. */
  readonly input?: string;
}

/** How far a target's process has come. */
export interface Progress {
  readonly type: "progress";
  readonly tried: number;
  /** Inputs that reached new code. */
  readonly kept: number;
  /** Characters of code that ran. */
  readonly reached: number;
}

/** A {@linkcode Finding} as JSON. */
export interface Found {
  readonly type: "finding";
  readonly fault: Fault;
  readonly message: string;
  readonly stack?: string;
  /** In base64. */
  readonly input?: string;
}

/** A line of a target's process; after `end` it has done all it was to do. */
export type Message = Progress | Found | { readonly type: "end" };

/** What the worker begins with. */
export interface Start {
  readonly order: Order;
  readonly memory: SharedArrayBuffer;
}
