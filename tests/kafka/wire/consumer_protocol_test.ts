import { assertEquals, assertThrows } from "@std/assert";
import kafkajs from "kafkajs";
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from "../../../src/kafka/wire/consumer_protocol.ts";
import { Buffer } from "node:buffer";

const { AssignerProtocol } = kafkajs;
const userData = new Uint8Array([1, 2, 255]);
const owned = [
  { topic: "a", partition: 10 },
  { topic: "a", partition: 2 },
  { topic: "ü", partition: 0 },
];

Deno.test("consumer protocol: a subscription round-trips, sorted", () => {
  const bytes = encodeSubscription({ topics: ["ü", "a"], userData, owned, generation: 7 });
  assertEquals(decodeSubscription(bytes), {
    topics: ["a", "ü"],
    userData,
    owned: [{ topic: "a", partition: 2 }, { topic: "a", partition: 10 }, { topic: "ü", partition: 0 }],
    generation: 7,
  });
});

Deno.test("consumer protocol: other clients read our subscription and assignment", () => {
  const subscription = AssignerProtocol.MemberMetadata.decode(
    Buffer.from(encodeSubscription({ topics: ["a", "b"], userData, owned, generation: 7 })),
  );
  assertEquals([subscription?.topics, [...subscription!.userData]], [["a", "b"], [1, 2, 255]]);
  const assignment = AssignerProtocol.MemberAssignment.decode(
    Buffer.from(encodeAssignment({ partitions: owned, userData })),
  );
  assertEquals([assignment?.assignment, [...assignment!.userData]], [{ a: [2, 10], "ü": [0] }, [1, 2, 255]]);
});

Deno.test("consumer protocol: we read an older subscription and other clients' assignments", () => {
  const old = AssignerProtocol.MemberMetadata.encode({
    version: 0,
    topics: ["a"],
    userData: Buffer.from(userData),
  });
  assertEquals(decodeSubscription(old), { topics: ["a"], userData, owned: [], generation: -1 });
  const assignment = AssignerProtocol.MemberAssignment.encode({
    version: 0,
    assignment: { a: [3, 1] },
    userData: Buffer.from(userData),
  });
  assertEquals(decodeAssignment(assignment), {
    partitions: [{ topic: "a", partition: 3 }, { topic: "a", partition: 1 }],
    userData,
  });
  assertEquals(decodeAssignment(new Uint8Array(0)), { partitions: [], userData: new Uint8Array(0) });
});

Deno.test("consumer protocol: bytes that end early are an error at every length", () => {
  const bytes = encodeSubscription({ topics: ["a"], userData, owned, generation: 7 });
  for (let length = 0; length < bytes.length; length++) {
    assertThrows(() => decodeSubscription(bytes.subarray(0, length)), RangeError, `received ${length} bytes`);
  }
});
