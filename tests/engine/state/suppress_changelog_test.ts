import { assertEquals } from "@std/assert";
import {
  type BufferedChange,
  decodeChange,
  encodeChange,
} from "../../../src/engine/state/suppress_changelog.ts";

const CHANGE: BufferedChange = {
  time: 5,
  timestamp: 6,
  offset: 7,
  topic: "topic",
  partition: 1,
  headers: [{ key: "h", value: Uint8Array.of(1) }, { key: "n", value: null }],
  prior: Uint8Array.of(2),
  old: null,
  value: Uint8Array.of(3, 4),
};

Deno.test("a suppression's change is read as it was written", () => {
  assertEquals(decodeChange(encodeChange(CHANGE)), CHANGE);
});

Deno.test("a change that ends too soon is none, wherever it ends", () => {
  const bytes = encodeChange(CHANGE);
  for (let length = 0; length < bytes.length; length++) {
    assertEquals(decodeChange(bytes.subarray(0, length)), undefined, `of ${length} bytes`);
  }
});

Deno.test("a count of headers that can't be true takes no time and no memory", () => {
  const bytes = new Uint8Array(40);
  // Behind the two times, an empty topic and the partition: 2^31 − 1 headers.
  bytes.set([127, 255, 255, 255], 24);
  assertEquals(decodeChange(bytes), undefined);
});
