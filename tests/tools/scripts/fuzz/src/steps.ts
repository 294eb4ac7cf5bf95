/** Fails for a text that begins with `kos!`, one character after the other: by chance none does. */
export function steps(text: string): void {
  if (text[0] !== "k") return;
  if (text[1] !== "o") return;
  if (text[2] !== "s") return;
  if (text[3] !== "!") return;
  throw new Error("found");
}
