/**
 * The parts of prom-client that are used here, by their files: its index also loads Node's cluster, child
 * processes and HTTP, for parts that are not, which takes longer than all of the metrics' own modules.
 *
 * @module
 */
import type prometheus from "prom-client";
import counter from "prom-client/lib/counter.js";
import gauge from "prom-client/lib/gauge.js";
import histogram from "prom-client/lib/histogram.js";
import registry from "prom-client/lib/registry.js";

/** Holds metrics and writes them out. */
export const Registry: typeof prometheus.Registry = registry;
/** Holds metrics and writes them out. */
export type Registry = prometheus.Registry;

/** Counts what only grows. */
export const Counter: typeof prometheus.Counter = counter;
/** Counts what only grows. */
export type Counter = prometheus.Counter;

/** Tells what goes up and down. */
export const Gauge: typeof prometheus.Gauge = gauge;
/** Tells what goes up and down. */
export type Gauge = prometheus.Gauge;

/** Counts how often values were in which range. */
export const Histogram: typeof prometheus.Histogram = histogram;
/** Counts how often values were in which range. */
export type Histogram = prometheus.Histogram;
