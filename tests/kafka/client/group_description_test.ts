import { assertEquals, assertStringIncludes } from "@std/assert";
import { groupInWords } from "../../../src/kafka/client/group_description.ts";

Deno.test("a group is told in words: its type, or its protocol and members", () => {
  const members = Array.from({ length: 7 }, (_, i) => ({
    memberId: `id-${i}`,
    clientId: "app",
    clientHost: "/10.0.0.1",
  }));
  const words = groupInWords(
    { state: "Stable", protocolType: "consumer", protocol: "range", members },
    "classic",
  )!;
  assertStringIncludes(words, "protocol type consumer with assignor range");
  assertStringIncludes(words, "app at 10.0.0.1 (id-0)");
  assertStringIncludes(words, "and 2 more");
  assertStringIncludes(groupInWords(undefined, "share")!, "of type share");
  assertEquals(groupInWords(undefined, undefined), undefined);
});
