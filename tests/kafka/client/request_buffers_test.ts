import { assert } from "@std/assert";
import { RequestBuffers } from "../../../src/kafka/client/request_buffers.ts";

Deno.test("protocol: request buffers are used again, and only so many are kept", () => {
  const buffers = new RequestBuffers();
  const large = buffers.take(1_000_000);
  assert(large.length >= 1_000_000);
  const other = buffers.take(1_000_000);
  assert(other !== large, "it is lent twice");
  buffers.giveBack(large);
  assert(buffers.take(1_000_001) === large, "a slightly larger request needs no other buffer");
  const small = Array.from({ length: 12 }, () => buffers.take(10));
  for (const buffer of small) buffers.giveBack(buffer);
  // None of those kept is large enough: one makes way.
  const needed = buffers.take(2_000_000);
  buffers.giveBack(needed);
  assert(buffers.take(2_000_000) === needed);
  const huge = buffers.take(9_000_000);
  buffers.giveBack(huge);
  assert(buffers.take(9_000_000) !== huge, "a huge buffer was kept");
  const many = Array.from({ length: 8 }, () => buffers.take(3_000_000));
  for (const buffer of many) buffers.giveBack(buffer);
  assert(buffers.bytes <= 8 * 1024 * 1024, `${buffers.bytes} bytes are kept`);
});
