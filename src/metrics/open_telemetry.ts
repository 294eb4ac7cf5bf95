/**
 * A registry's metrics for OpenTelemetry, by the exporter that the process has.
 *
 * @module
 */
import type { Registry } from "./prom_client.ts";

/** Where OpenTelemetry's providers are found by whoever uses them, in whichever version of its API. */
const API = Symbol.for("opentelemetry.js.api.1");

/** What is read when the exporter asks. */
type Instrument = object;

/** The part of OpenTelemetry's meter that is used here. */
interface Meter {
  createObservableCounter(name: string, options: { readonly description: string }): Instrument;
  createObservableGauge(name: string, options: { readonly description: string }): Instrument;
  addBatchObservableCallback(read: (taken: Taken) => Promise<void>, instruments: Instrument[]): void;
}

/** Takes the values of one export. */
interface Taken {
  observe(instrument: Instrument, value: number, attributes: Readonly<Record<string, string | number>>): void;
}

/** A series of a registry; those of a histogram have names of their own. */
interface Series {
  readonly metricName?: string;
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
}

/**
 * Hands a registry's metrics to OpenTelemetry, under the names that they have for Prometheus; of a histogram
 * `…_sum` and `…_count`, and no value that is not finite. Deno has an exporter, which runs where `OTEL_DENO`
 * is set; where there is none, nothing is done.
 *
 * @param registry With all of its metrics: those that are registered later are not exported.
 * @returns Whether there is an exporter.
 */
export function exportMetrics(registry: Registry): boolean {
  const meter = meterOf(globalThis as { readonly [API]?: unknown });
  if (meter === undefined) return false;
  const instruments = instrumentsOf(meter, registry);
  meter.addBatchObservableCallback(async (taken) => {
    for (const { name, values } of await registry.getMetricsAsJSON()) {
      for (const { metricName = name, value, labels } of values as readonly Series[]) {
        const instrument = instruments.get(metricName);
        if (instrument !== undefined && Number.isFinite(value)) taken.observe(instrument, value, labels);
      }
    }
  }, [...instruments.values()]);
  return true;
}

function meterOf(global: { readonly [API]?: unknown }): Meter | undefined {
  const api = global[API] as { readonly metrics?: { getMeter(name: string): Meter } } | undefined;
  return api?.metrics?.getMeter("kos");
}

function instrumentsOf(meter: Meter, registry: Registry): Map<string, Instrument> {
  const instruments = new Map<string, Instrument>();
  for (const { name, help: description, type } of registry.getMetricsAsArray()) {
    const kind = String(type);
    if (kind === "gauge") instruments.set(name, meter.createObservableGauge(name, { description }));
    else {
      for (const each of kind === "histogram" ? [`${name}_sum`, `${name}_count`] : [name]) {
        instruments.set(each, meter.createObservableCounter(each, { description }));
      }
    }
  }
  return instruments;
}
