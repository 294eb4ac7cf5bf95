/** Bytes of a key that a message shows. */
const SHOWN_BYTES = 48;

/** A key's bytes for a message: as text where they are text, else in hex; cut when they are long. */
export function keyText(key: Uint8Array | null): string {
  if (key === null) return "null";
  const shown = key.subarray(0, SHOWN_BYTES);
  const rest = key.length > SHOWN_BYTES ? `… (${key.length} bytes)` : "";
  // Other than what is printed as itself: a control character would spoil a log line.
  if (shown.every((byte) => byte >= 0x20 && byte < 0x7f)) {
    return JSON.stringify(new TextDecoder().decode(shown)) + rest;
  }
  return `0x${[...shown].map((byte) => byte.toString(16).padStart(2, "0")).join("")}${rest}`;
}
