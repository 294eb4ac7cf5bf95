import { assertEquals } from "@std/assert";
import { endpointOf, endpointText, readEndpoint } from "../../src/service/endpoints.ts";

Deno.test("endpoints: a port that is given is that of the stores, or without stores of the metrics", () => {
  const both = { metrics: 9001, stores: 9021 };
  assertEquals(endpointOf("a", both), { metrics: "a:9001", stores: "a:9021" });
  assertEquals(endpointOf("a:80", both), { metrics: "a:9001", stores: "a:80" });
  assertEquals(endpointOf("[::1]", both), { metrics: "[::1]:9001", stores: "[::1]:9021" });
  assertEquals(endpointOf("[::1]:80", { metrics: 9001 }), { metrics: "[::1]:80" });
  assertEquals(endpointOf("a", { stores: 9021 }), { stores: "a:9021" });
  assertEquals(endpointOf("a:80", {}), {});
});

Deno.test("endpoints: what one tells another reads", () => {
  for (const endpoint of [{ metrics: "a:1" }, { stores: "a:2" }, { metrics: "a:1", stores: "[::1]:2" }]) {
    assertEquals(readEndpoint(endpointText(endpoint)!), endpoint);
  }
  assertEquals(endpointText({}), undefined);
  assertEquals(
    readEndpoint("a-b.example:9001"),
    { metrics: "a-b.example:9001" },
    "as it was told without stores",
  );
});

Deno.test("endpoints: what is no address is not told on", () => {
  for (
    const text of ["", "|", "a", "a|b", "a/b:1|user@b:2", "http://a:1|b:2/?", "a:1 |b:2\r\n", "a:1234567|:2"]
  ) {
    assertEquals(readEndpoint(text), {}, text);
  }
});
