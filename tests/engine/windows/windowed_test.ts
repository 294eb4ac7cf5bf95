import { assertEquals, assertThrows } from "@std/assert";
import { DeserializationError, stringSerde } from "../../../src/serde/mod.ts";
import { sessionWindowedSerde, Windowed, windowedSerde } from "../../../src/engine/mod.ts";

/** 2^53 − 1 and 2^53, as 8 bytes. */
const [LAST, BEYOND] = [[0, 31, 255, 255, 255, 255, 255, 255], [0, 32, 0, 0, 0, 0, 0, 0]];

Deno.test("a windowed key's times are those that a number holds, as others would be written as other windows", () => {
  const [windowed, session] = [windowedSerde(stringSerde(), 0), sessionWindowedSerde(stringSerde())];
  const last = 2 ** 53 - 1;
  assertEquals(windowed.decode(Uint8Array.of(97, ...LAST), 0, 9), new Windowed("a", last, last));
  assertEquals(session.decode(Uint8Array.of(97, ...LAST, ...LAST), 0, 17), new Windowed("a", last, last));
  for (
    const [serde, bytes] of [
      [windowed, [97, ...BEYOND]],
      [session, [97, ...LAST, ...BEYOND]],
      [session, [97, ...BEYOND, ...LAST]],
    ] as const
  ) {
    assertThrows(
      () => serde.decode(Uint8Array.from(bytes), 0, bytes.length),
      DeserializationError,
      "Cannot decode a windowed key: received a time of about 9007199254740992 ms; allowed are up to 2^53 - 1",
    );
  }
});
