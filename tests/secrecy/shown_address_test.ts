import { assertEquals } from "@std/assert";
import { shownAddress } from "../../src/secrecy/shown_address.ts";

Deno.test("of an address only the scheme, the host and the path are shown", () => {
  const cases: [string, string][] = [
    ["localhost:8081", "localhost:8081"],
    ["http://a b", "http://a b"],
    ["u:secret@localhost:8081", "…@localhost:8081"],
    ["ftp://u:secret@localhost", "ftp://…@localhost"],
    // A password may have what schemes, hosts and lines end with.
    ["https://u:se://cr@et@host", "https://…@host"],
    ["u:sec\nret@host", "…@host"],
    ["registry/x?token=secret", "registry/x?…"],
  ];
  for (const [address, shown] of cases) assertEquals(shownAddress(address), shown);
});
