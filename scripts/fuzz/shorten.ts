/** Tries to shorten one input, at most. */
const MOST_TRIES = 1_000;

/**
 * A shorter input that still fails: leaves out pieces, first large ones and then small ones, as long as that
 * helps.
 *
 * @param fails Whether an input fails as the first one does.
 */
export async function shortened(
  input: Uint8Array,
  fails: (shorter: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let best = input;
  let tries = 0;
  for (let size = input.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < best.length && tries < MOST_TRIES; tries++) {
      const shorter = new Uint8Array([...best.subarray(0, at), ...best.subarray(at + size)]);
      if (await fails(shorter)) best = shorter;
      else at += size;
    }
  }
  return best;
}
