import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { AssignmentRefused } from "../../../src/kafka/port/errors.ts";
import { encodeAssignment } from "../../../src/kafka/wire/consumer_protocol.ts";
import type { TopicPartition } from "../../../src/kafka/port/topics.ts";
import { ByteWriter } from "../../../src/kafka/wire/protocol/bytes.ts";
import { readAssignment } from "../../../src/kafka/common/read_assignment.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const p = (topic: string, partition: number): TopicPartition => ({ topic, partition });

const MEMBER = { groupId: "g", topics: ["left", "right"] };

const NOTHING = new Uint8Array(0);

Deno.test("an assignment of what this member did not subscribe to is refused by name", () => {
  const bytes = encodeAssignment({ partitions: [p("left", 0), p("other", 3)] });
  const error = assertThrows(() => readAssignment(bytes, MEMBER), AssignmentRefused);
  for (const part of ["group g", "other-3", "left, right", "--application-id"]) {
    assertStringIncludes(error.message, part);
  }
  assertThrows(
    () => readAssignment(encodeAssignment({ partitions: [p("left", -1)] }), MEMBER),
    AssignmentRefused,
    "left--1",
  );
});

Deno.test("an assignment that names a partition twice has it once", () => {
  const out = new ByteWriter();
  out.int16(1);
  out.int32(2);
  for (let i = 0; i < 2; i++) {
    out.string("left");
    out.int32(2);
    out.int32(4);
    out.int32(4);
  }
  out.bytes(NOTHING);
  assertEquals(readAssignment(out.done(), MEMBER).partitions, [p("left", 4)]);
});

Deno.test("bytes that are no assignment are refused in words, whatever they are", () => {
  const { below } = seededRandom();
  const valid = encodeAssignment({ partitions: [p("left", 0), p("right", 1)], userData: new Uint8Array(9) });
  for (let round = 0; round < 2_000; round++) {
    const bytes = round % 2 === 0
      ? Uint8Array.from({ length: 1 + below(60) }, () => below(256))
      : valid.map((byte) => below(8) === 0 ? below(256) : byte);
    try {
      readAssignment(bytes, MEMBER);
    } catch (error) {
      assert(error instanceof AssignmentRefused, `${[...bytes]}: ${error}`);
    }
  }
  const short = assertThrows(() => readAssignment(valid.subarray(0, 9), MEMBER), AssignmentRefused);
  assertStringIncludes(short.message, "9 bytes that are no assignment");
});
