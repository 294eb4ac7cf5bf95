import { assertEquals } from "@std/assert";
import { ByteWriter } from "../../../../src/kafka/wire/protocol/bytes.ts";
import { decodeListGroups, encodeListGroups } from "../../../../src/kafka/wire/protocol/list_groups.ts";

Deno.test("ListGroups 5 is read as the broker writes it", () => {
  assertEquals([...encodeListGroups()], [1, 1, 0]);
  const groups = new ByteWriter();
  groups.noTags();
  groups.int32(0);
  groups.int16(0);
  groups.compactArray([0], () => {
    for (const text of ["g", "consumer", "Stable", "Consumer"]) groups.compactString(text);
    groups.noTags();
  });
  groups.noTags();
  assertEquals(decodeListGroups(groups.done()), [
    { groupId: "g", protocolType: "consumer", state: "Stable", type: "Consumer" },
  ]);
});
