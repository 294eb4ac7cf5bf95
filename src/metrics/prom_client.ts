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
/** See {@linkcode Registry}. */
export type Registry = prometheus.Registry;

/** What only grows. */
export const Counter: typeof prometheus.Counter = counter;
/** See {@linkcode Counter}. */
export type Counter = prometheus.Counter;

/** What goes up and down. */
export const Gauge: typeof prometheus.Gauge = gauge;
/** See {@linkcode Gauge}. */
export type Gauge = prometheus.Gauge;

/** How often values were in which range. */
export const Histogram: typeof prometheus.Histogram = histogram;
/** See {@linkcode Histogram}. */
export type Histogram = prometheus.Histogram;
