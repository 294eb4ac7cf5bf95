/**
 * An address that is wrong, as an error may show it: what is before an `@` may be a user name and a password,
 * and a query may have a token, wherever the rest went wrong.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shownAddress } from "./shown_address.ts";
 *
 * assertEquals(shownAddress("ftp://ann:hunter2@host/x?token=1"), "ftp://…@host/x?…");
 * ```
 */
export function shownAddress(text: string): string {
  return text.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, "$1…@").replace(/\?.*$/s, "?…");
}
