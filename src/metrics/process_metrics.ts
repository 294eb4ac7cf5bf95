/**
 * What the process itself uses, under the names that Prometheus' client libraries share. prom-client's own
 * `collectDefaultMetrics` reads parts of Node that Deno does not have.
 *
 * @module
 */
import { Counter, Gauge, type Registry } from "./prom_client.ts";
import process from "node:process";

/** Settings of {@linkcode registerProcessMetrics}. */
export interface ProcessMetricsOptions {
  /** Where the metrics are registered. */
  readonly registry: Registry;
  /** Which binary this is, for `kos_build_info`; such as `streams`. */
  readonly component: string;
  /** The project's version, for `kos_build_info`. */
  readonly version: string;
}

/**
 * Registers `process_cpu_seconds_total`, `process_resident_memory_bytes`, `process_start_time_seconds`,
 * `kos_peak_resident_memory_bytes`, `kos_heap_used_bytes` and `kos_build_info`, which is always 1
 * and has the labels `component`, `version`, and `deno` or `node` with the version of the runtime; the other
 * one is empty. Read when scraped.
 */
export function registerProcessMetrics({ registry, component, version }: ProcessMetricsOptions): void {
  const registers = [registry];
  new Counter({
    name: "process_cpu_seconds_total",
    help: "User and system CPU time spent, in seconds.",
    registers,
    collect() {
      this.reset();
      this.inc(processCpuMs() / 1000);
    },
  });
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory size, in bytes.",
    registers,
    collect() {
      this.set(process.memoryUsage().rss);
    },
  });
  new Gauge({
    name: "kos_peak_resident_memory_bytes",
    help: "Largest resident memory size so far, in bytes.",
    registers,
    collect() {
      // Kilobytes. The system's count begins with the memory of the process that started this one, where that
      // had more.
      this.set(process.resourceUsage().maxRSS * 1024);
    },
  });
  new Gauge({
    name: "kos_heap_used_bytes",
    help: "V8 heap in use, in bytes.",
    registers,
    collect() {
      this.set(process.memoryUsage().heapUsed);
    },
  });
  new Gauge({
    name: "process_start_time_seconds",
    help: "Start time of the process, in seconds since the epoch.",
    registers,
  }).set(performance.timeOrigin / 1000);
  new Gauge({
    name: "kos_build_info",
    help: "Always 1; the labels say what is running.",
    labelNames: ["component", "version", "deno", "node"],
    registers,
  }).set({ component, version, ...runtime() }, 1);
}

/** The CPU time that this process has had, of user and system, in ms. */
export function processCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The version of what runs this; Deno tells one of Node as well, which it stands in for. */
function runtime(): { readonly deno: string; readonly node: string } {
  const { deno, node } = process.versions;
  return deno === undefined ? { deno: "", node } : { deno, node: "" };
}
