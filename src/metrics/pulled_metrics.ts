import { Counter, Gauge, type Registry } from "./prom_client.ts";

/**
 * Counters and gauges whose values are read when they are scraped. A counter's source must never go down, but
 * to 0 with the process.
 */
export class PulledMetrics {
  readonly #registers: Registry[];

  /** Takes where the metrics are registered. */
  constructor(registry: Registry) {
    this.#registers = [registry];
  }

  /** A counter without labels. */
  counter(name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers: this.#registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  /** One series a key, the key as the value of `label`. */
  counters(name: string, help: string, label: string, read: () => Readonly<Record<string, number>>): void {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: this.#registers,
      collect() {
        this.reset();
        for (const [key, value] of Object.entries(read())) this.inc({ [label]: key }, value);
      },
    });
  }

  /** A gauge without labels, which has no series while `read` gives `undefined` for what is not known. */
  gauge(name: string, help: string, read: () => number | undefined): void {
    new Gauge({
      name,
      help,
      registers: this.#registers,
      collect() {
        const value = read();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  }

  /** One series a key, the key as the value of `label`. */
  gauges(name: string, help: string, label: string, read: () => Readonly<Record<string, number>>): void {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: this.#registers,
      collect() {
        this.reset();
        for (const [key, value] of Object.entries(read())) this.set({ [label]: key }, value);
      },
    });
  }
}
