import { assert, assertEquals } from "@std/assert";
import type { BatchWriter } from "../../../src/kafka/wire/record_batch/writer.ts";
import { WriterPool } from "../../../src/kafka/client/writer_pool.ts";

function fill(writer: BatchWriter, bytes: number): BatchWriter {
  writer.append(0, null, { bytes: new Uint8Array(bytes), from: 0, to: bytes });
  return writer;
}

Deno.test("writer pool: a partition with few records gets no large buffer, one with many does", () => {
  const pool = new WriterPool(10_000_000);
  const large = fill(pool.take(), 100_000);
  const small = pool.take();
  pool.giveBack(small);
  pool.giveBack(large);
  assert(pool.take(100) === small);
  assert(pool.take(100).capacity < 10_000, "a large one was lent for little");
  assert(pool.take(100_000) === large);
});

Deno.test("writer pool: what is kept is bounded in total", () => {
  const pool = new WriterPool(250_000);
  const writers = Array.from({ length: 10 }, () => fill(pool.take(), 100_000));
  for (const writer of writers) pool.giveBack(writer);
  assert(pool.bytes > 0 && pool.bytes <= 250_000, `${pool.bytes} bytes are kept`);
  pool.take(100_000);
  pool.take(100_000);
  assertEquals(pool.bytes, 0);
});
