/** Java's `String.split` with a plain separator: empty parts at the end are left out, but an empty text is one part. */
export function split(text: string, separator: string): string[] {
  if (text === "") return [""];
  const parts = text.split(separator);
  while (parts.at(-1) === "") parts.pop();
  return parts;
}
