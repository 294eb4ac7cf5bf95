/**
 * Errors that whoever asks can bring about, without filling the log.
 *
 * @module
 */

/** How long the same error is not told again, in ms. */
const EVERY_MS = 10_000;
/** How many different ones are told in that time. */
const MOST_KINDS = 20;

/**
 * Tells an error, but the same one once in ten seconds, and in that time no more than twenty.
 *
 * @param tell Told the error.
 * @param now The time in ms, which never goes back.
 */
export function seldom(
  tell: (error: unknown) => void,
  now: () => number = () => performance.now(),
): (error: unknown) => void {
  const toldAt = new Map<string, number>();
  return (error) => {
    const atMs = now();
    for (const [text, lastMs] of toldAt) if (atMs - lastMs >= EVERY_MS) toldAt.delete(text);
    const text = String(error);
    if (toldAt.has(text) || toldAt.size >= MOST_KINDS) return;
    toldAt.set(text, atMs);
    tell(error);
  };
}
