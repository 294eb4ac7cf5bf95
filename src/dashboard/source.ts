/**
 * Where the page has from what it shows, and what it can change.
 *
 * @module
 */
import type { PagePart, PageSnapshot } from "./snapshot.ts";

/** What the page shows: a demo, an application, or a namespace. */
export interface PageSource {
  /** What is watched, for the heading. */
  readonly title: string;
  /** Drawn where it is known. */
  readonly topology?: readonly PagePart[];
  /** What the page can change; left out, it only shows. */
  readonly control?: PageControl;
  /**
   * The snapshots, about one a second, until the signal. It is called again when the page wants them again.
   * Each says itself what is wrong ({@linkcode PageSnapshot.problem}); one that throws ends the page's life.
   */
  snapshots(signal: AbortSignal): AsyncIterable<PageSnapshot>;
}

/** What the page can change: for each there is a button, or for the rate a slider. */
export interface PageControl {
  /** The highest rate of the slider, in records a second. Default 100,000. */
  readonly maxRate?: number;
  /** Sets the generator's rate, in records a second, from 0 to {@linkcode PageControl.maxRate}. */
  setRate?(rate: number): void | Promise<void>;
  /** Raises the load for a while. */
  surge?(): void | Promise<void>;
  /** Writes many records at once. */
  burst?(): void | Promise<void>;
  /** Starts one more instance. */
  addInstance?(): void | Promise<void>;
  /** Kills an instance without a word. */
  killInstance?(name: string): void | Promise<void>;
}

/** A change that can't be made now, such as a fifth of four instances. The page shows the message. */
export class ControlRefused extends Error {
  /** How logs name the error. */
  override name = "ControlRefused";
}

/** The highest rate of the slider where the source names none, in records a second. */
export const DEFAULT_MAX_RATE = 100_000;
