/** Random numbers for a property test. */
export interface SeededRandom {
  /** From 0 to 1. */
  random(): number;
  /** A whole number from 0 to `count` − 1. */
  below(count: number): number;
}

/**
 * Random numbers from a seed that is printed, so that a failure can be repeated with `KOS_TEST_SEED`. The
 * generator is mulberry32.
 *
 * @param usual The seed when none is given. Default: another one each time.
 */
export function seededRandom(usual: number = Math.floor(Math.random() * 2 ** 32)): SeededRandom {
  const given = Deno.permissions.querySync({ name: "env", variable: "KOS_TEST_SEED" }).state === "granted"
    ? Deno.env.get("KOS_TEST_SEED")
    : undefined;
  const seed = given === undefined ? usual : Number(given);
  // deno-lint-ignore no-console -- a test's output
  console.log(`seed ${seed} (KOS_TEST_SEED=${seed} repeats it)`);
  let state = seed | 0;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { random, below: (count) => Math.floor(random() * count) };
}
