import { assertEquals, assertRejects } from "@std/assert";
import { untilThere } from "../../../src/engine/task/until_there.ts";
import { KafkaError, MISSING } from "../../../src/kafka/port/errors.ts";

const missing = (): Promise<void> => Promise.reject(new KafkaError(MISSING, "no such partition", false));

Deno.test("what asks for a topic that is not there is tried until it is, and each time is told of", async () => {
  const answers = [missing, missing, () => Promise.resolve()];
  let told = 0;
  await untilThere(() => answers.shift()!(), {
    wanted: () => true,
    onMissing: () => told++,
    signal: new AbortController().signal,
  });
  assertEquals([answers.length, told], [0, 2]);
});

Deno.test("what is not wanted any more is not tried again, nor is its topic told of as missing", async () => {
  let wanted = true;
  let tried = 0;
  const attempt = (): Promise<void> => {
    tried++;
    wanted = false;
    return missing();
  };
  const onMissing = (): void => void (tried += 100);
  await untilThere(attempt, { wanted: () => wanted, onMissing, signal: new AbortController().signal });
  assertEquals(tried, 1);
});

Deno.test("who closes ends the waiting for a topic at once, and leaves no timer", async () => {
  const closing = new AbortController();
  const onMissing = (): void => closing.abort();
  await untilThere(missing, { wanted: () => true, onMissing, signal: closing.signal });
});

Deno.test("an error that is not of a missing topic ends the tries", async () => {
  const attempt = (): Promise<void> => Promise.reject(new Error("not allowed"));
  const signal = new AbortController().signal;
  await assertRejects(
    () => untilThere(attempt, { wanted: () => true, onMissing: () => {}, signal }),
    Error,
    "not allowed",
  );
});
