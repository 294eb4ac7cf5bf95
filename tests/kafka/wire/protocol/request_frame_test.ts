import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import Encoder from "kafkajs/src/protocol/encoder.js";
import kafkajsRequest from "kafkajs/src/protocol/request.js";
import {
  copiedFrame,
  frameInPlace,
  mostHeaderBytes,
} from "../../../../src/kafka/wire/protocol/request_frame.ts";
import { int32 } from "./raw_bytes.ts";

Deno.test("protocol: a request's frame is kafkajs's, copied or in place", async () => {
  const body = Uint8Array.from({ length: 20 }, (_, i) => i);
  const theirs = await kafkajsRequest({
    correlationId: 77,
    clientId: "kös",
    request: { apiKey: 0, apiVersion: 7, encode: () => new Encoder().writeBuffer(Buffer.from(body)) },
  });
  const clientId = new TextEncoder().encode("kös");
  const header = { apiKey: 0, apiVersion: 7, correlationId: 77, clientId, flexible: false };
  assertEquals([...copiedFrame(header, body)], [...theirs.buffer]);
  const bodyAt = mostHeaderBytes(clientId);
  const roomy = new Uint8Array(bodyAt + body.length + 3).subarray(3);
  roomy.set(body, bodyAt);
  assertEquals([...frameInPlace(header, roomy, bodyAt)], [...theirs.buffer]);
  // Version 2 of the header has one byte more: no tagged fields.
  const flexible = { ...header, flexible: true };
  const expected = [...copiedFrame(flexible, body)];
  const { length } = theirs.buffer;
  assertEquals(expected, [...int32(length - 3), ...theirs.buffer.subarray(4, 18), 0, ...body]);
  assertEquals([...frameInPlace(flexible, roomy, bodyAt)], expected);
});
