/**
 * The text of a body, of which no more is taken than it may have.
 *
 * @module
 */

/** Reads a body; `undefined` when it has more than so many bytes, of which the rest is not read then. */
export async function boundedText(
  body: ReadableStream<Uint8Array> | null,
  mostBytes: number,
): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}
