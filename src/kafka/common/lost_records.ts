import { KafkaError, messageOf, ProduceError, REFUSALS } from "../port/errors.ts";

/** The records that a producer has given up since its last flush: how many, of which topics and why. */
export class LostRecords {
  #counts = new Map<string, number>();
  readonly #reasons = new Set<string>();
  /** Whether one of them was refused for what it is. */
  #refused = false;

  /** Counts records of a topic that were given up because of an error. */
  add(topic: string, count: number, error: unknown): void {
    this.#counts.set(topic, (this.#counts.get(topic) ?? 0) + count);
    this.explain(error);
    if (error instanceof KafkaError && REFUSALS.has(error.code)) this.#refused = true;
  }

  /** Adds to the reasons. */
  explain(error: unknown): void {
    this.#reasons.add(messageOf(error));
  }

  /** What a flush is to throw; `undefined` when nothing was lost. Counts anew from then on. */
  take(): ProduceError | undefined {
    if (this.#counts.size === 0) return undefined;
    const list = [...this.#counts].map(([topic, count]) => `${count} of ${topic}`).join(", ");
    const error = new ProduceError(
      `Cannot write records (${list}): ${[...this.#reasons].join("; ")}`,
      this.#counts,
      { refused: this.#refused },
    );
    this.clear();
    return error;
  }

  clear(): void {
    this.#counts = new Map();
    this.#reasons.clear();
    this.#refused = false;
  }
}
