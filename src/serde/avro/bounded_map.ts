/** What is kept by ids, up to a sum of weights: what was put first is forgotten when it is more. */
export class BoundedMap<V> {
  readonly #most: number;
  readonly #entries = new Map<number, { readonly value: V; readonly weight: number }>();
  #weight = 0;

  /** @param most The greatest sum; one entry is kept whatever it weighs. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The value of an id. */
  get(id: number): V | undefined {
    return this.#entries.get(id)?.value;
  }

  /** Keeps a value, behind all others. */
  set(id: number, value: V, weight: number): void {
    this.#delete(id);
    this.#entries.set(id, { value, weight });
    this.#weight += weight;
    for (const first of this.#entries.keys()) {
      if (this.#weight <= this.#most || first === id) break;
      this.#delete(first);
    }
  }

  #delete(id: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#weight -= entry.weight;
    this.#entries.delete(id);
  }
}

/** Of so many characters schemas are kept, and what is made of them. */
export const MOST_KEPT_CHARACTERS: number = 16_777_216;

/** What a schema weighs with what it refers to. */
export function charactersOf(
  { text, references }: { readonly text: string; readonly references: readonly { readonly text: string }[] },
): number {
  return references.reduce((sum, each) => sum + each.text.length + AROUND, text.length + AROUND);
}

/** So that many short ones count as well. */
const AROUND = 500;
