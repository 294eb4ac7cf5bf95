const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * The number that a quantity of Kubernetes' API stands for, as `apimachinery/pkg/api/resource` has them.
 *
 * @throws {SyntaxError} When it is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseQuantity } from "./quantity.ts";
 *
 * assertEquals(["100k", "1500m", "7", "2e3"].map(parseQuantity), [100_000, 1.5, 7, 2_000]);
 * ```
 */
export function parseQuantity(text: string): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(n|u|m|k|[MGTPE]|[KMGTPE]i)?$/.exec(text);
  if (match === null) {
    throw new SyntaxError(
      `Cannot read a quantity: received "${text}"; expected one such as 100k, 1500m or 7`,
    );
  }
  return Number(match[1]) * SUFFIXES[match[2] ?? ""]!;
}
