import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { KafkaError } from "../../../src/kafka/port/errors.ts";
import type { KafkaFetcher } from "../../../src/kafka/client/fetcher.ts";
import { MOST_TRIES } from "../../../src/kafka/client/read_failures.ts";
import { FakeBroker, type Places, TOPIC } from "./fake_fetch_broker.ts";
import { recordsOf } from "../port/records.ts";
import { seededRandom } from "../../support/seeded_random.ts";

/** A broker with so many batches of three records in each of two partitions. */
function broker(batches: number): FakeBroker {
  const broker = new FakeBroker(2);
  for (let i = 0; i < batches; i++) {
    for (const p of [0, 1]) broker.append(p, [0, 1, 2].map((j) => `p${p} record ${3 * i + j}`));
  }
  return broker;
}

/** Reads both partitions until this many records have come. Each must be the one that was written there. */
async function readAll(fetcher: KafkaFetcher, records: number): Promise<void> {
  const next = [0, 0];
  for (const partition of [0, 1]) fetcher.assign({ topic: TOPIC, partition }, 0);
  while (next[0]! + next[1]! < records) {
    for (const { partition, offset, value } of recordsOf(await fetcher.poll(1_000))) {
      assertEquals([offset, value], [next[partition]!, `p${partition} record ${offset}`]);
      next[partition]!++;
    }
  }
}

/** Flips a bit in the last byte of a batch. */
function spoil(answer: Uint8Array, { to }: { readonly to: number }): Uint8Array {
  answer[to - 1]! ^= 1;
  return answer;
}

Deno.test("a batch that its checksum does not fit is fetched again on a new connection, and told of", async () => {
  const fake = broker(3);
  let spoilt = 0;
  fake.onAnswer = (answer, [, second]) => spoilt++ === 0 ? spoil(answer, second!) : answer;
  const fetcher = fake.fetcher();
  await readAll(fetcher, 18);
  assertEquals(fake.resets, [0]);
  assertEquals([fake.warnings.length, fake.health.failures], [1, 1]);
  assertStringIncludes(fake.health.lastFailure!, "received checksum 0x");
  assertStringIncludes(fake.warnings[0]!, `${TOPIC}-0 at offset 3: received checksum 0x`);
  assertStringIncludes(fake.warnings[0]!, "from fake:9092; fetching it again in 1 ms (try 2 of 5)");
  await fetcher.close();
});

Deno.test("what comes before a corrupt batch is delivered; the same batch corrupt each time ends the reading, with what to do", async () => {
  const fake = new FakeBroker(1);
  for (let i = 0; i < 3; i++) fake.append(0, [`a${i}`, `b${i}`]);
  spoil(fake.batches[0]![1]!.bytes, { to: fake.batches[0]![1]!.bytes.length });
  const fetcher = fake.fetcher();
  fetcher.assign({ topic: TOPIC, partition: 0 }, 0);
  assertEquals(recordsOf(await fetcher.poll(1_000)).map(({ value }) => value), ["a0", "b0"]);
  const error = await assertRejects(async () => {
    while (true) assertEquals(await fetcher.poll(1_000), []);
  }, Error);
  assertStringIncludes(error.message, `Cannot read ${TOPIC}-0 at offset 2: received checksum`);
  assertStringIncludes(error.message, "from fake:9092 5 times in a row");
  assertStringIncludes(error.message, "restore it from a replica");
  // The first one brought what is before it.
  assertEquals(fake.fetches.filter(({ partitions }) => partitions[0]!.offset === 2).length, MOST_TRIES - 1);
  await fetcher.close();
});

Deno.test("other partitions are read on while one has a corrupt batch", async () => {
  const fake = broker(50);
  const { bytes } = fake.batches[0]![0]!;
  spoil(bytes, { to: bytes.length });
  const fetcher = fake.fetcher({ partitionBytes: 300 });
  fetcher.assign({ topic: TOPIC, partition: 1 }, 0);
  fetcher.assign({ topic: TOPIC, partition: 0 }, 0);
  let read = 0;
  for (let mended = false; read < 300;) {
    for (const { partition } of recordsOf(await fetcher.poll(1_000))) {
      read++;
      if (partition === 1 && !mended) {
        mended = true;
        spoil(bytes, { to: bytes.length });
      }
    }
  }
  await fetcher.close();
});

const DAMAGES: readonly (readonly [string, (answer: Uint8Array, batches: Places) => Uint8Array])[] = [
  ["ends early", (answer) => answer.subarray(0, answer.length >> 1)],
  ["has more than it says", (answer) => Uint8Array.from([...answer, 0])],
  ["is empty", () => new Uint8Array()],
  ["is of another topic", (answer) => {
    answer[17]! ^= 1;
    return answer;
  }],
  ["tells twice of a partition", (answer) => {
    const view = new DataView(answer.buffer);
    view.setInt32(partitionAt(answer, 1), 0);
    return answer;
  }],
  ["lacks a partition", (answer) => {
    const at = partitionAt(answer, 1);
    new DataView(answer.buffer).setInt32(20, 1);
    return answer.slice(0, at);
  }],
];

/** Where the n-th partition of an answer begins: after the head, the topic and the ones before it. */
function partitionAt(answer: Uint8Array, n: number): number {
  const view = new DataView(answer.buffer);
  let at = 4 + 2 + 4 + 4 + 2 + TOPIC.length + 4;
  for (; n > 0; n--) at += 4 + 2 + 8 + 8 + 8 + 4 + 4 + 4 + view.getInt32(at + 38);
  return at;
}

for (const [what, damage] of DAMAGES) {
  Deno.test(`an answer that ${what} is asked for again, and ends the reading when all are so`, async () => {
    const fake = broker(2);
    let answers = 0;
    fake.onAnswer = (answer, batches) => answers++ === 0 ? damage(answer, batches) : answer;
    const fetcher = fake.fetcher();
    await readAll(fetcher, 12);
    assertEquals(fake.resets, [0]);
    assertEquals([fake.warnings.length, fake.health.failures], [2, 1]);
    await fetcher.close();

    const bad = broker(2);
    // Each partition has a pause of its own: where one is asked for alone, its answer ends early.
    bad.onAnswer = (answer, batches) =>
      new DataView(answer.buffer).getInt32(partitionAt(answer, 0) - 4) === 2
        ? damage(answer, batches)
        : answer.slice(0, 20);
    const other = bad.fetcher();
    const error = await assertRejects(() => readAll(other, 12), Error);
    assertStringIncludes(error.message, "at offset 0: received an answer");
    assertStringIncludes(error.message, "from fake:9092 5 times in a row; is it a Kafka broker");
    const times = [0, 1].map((n) =>
      bad.fetches.filter(({ partitions }) => partitions.some(({ partition }) => partition === n)).length
    );
    assertEquals(Math.max(...times), MOST_TRIES);
    await other.close();
  });
}

Deno.test("an offset that is said to be out of range, though the log has it, is asked for again", async () => {
  const fake = broker(4);
  const moved: number[] = [];
  let answers = 0;
  fake.onAnswer = (answer) => {
    if (answers++ === 1) new DataView(answer.buffer).setInt16(partitionAt(answer, 0) + 4, 1);
    return answer;
  };
  const fetcher = fake.fetcher({ partitionBytes: 200, onOutOfRange: (_, wanted) => moved.push(wanted) });
  await readAll(fetcher, 24);
  assertEquals(moved, []);
  assertStringIncludes(fake.warnings[0]!, "received OFFSET_OUT_OF_RANGE though the log holds 0 to 12");
  await fetcher.close();
});

Deno.test("a topic that goes while a partition's range is looked for is told of as missing, and does not end the reading", async () => {
  const fake = broker(2);
  fake.offsetErrors.push(new KafkaError("UNKNOWN_TOPIC_OR_PARTITION", "there is no such partition", false));
  const [missing, moved]: [number[], number[]] = [[], []];
  const fetcher = fake.fetcher({
    onMissing: ({ partition }) => missing.push(partition),
    onOutOfRange: (_, wanted) => moved.push(wanted),
  });
  fetcher.assign({ topic: TOPIC, partition: 0 }, 100);
  for (let read = 0; read < 6;) read += recordsOf(await fetcher.poll(1_000)).length;
  assertEquals([missing, moved], [[0], [100]]);
  await fetcher.close();
});

Deno.test("an error that is final ends the reading at its second time in a row, not at its first", async () => {
  const fake = broker(4);
  let answers = 0;
  const refuse = (answer: Uint8Array): Uint8Array => {
    new DataView(answer.buffer).setInt16(partitionAt(answer, 0) + 4, 29); // TOPIC_AUTHORIZATION_FAILED
    return answer;
  };
  fake.onAnswer = (answer) => answers++ === 0 ? refuse(answer) : answer;
  const fetcher = fake.fetcher();
  await readAll(fetcher, 24);
  await fetcher.close();
  fake.onAnswer = refuse;
  const other = fake.fetcher();
  const error = await assertRejects(() => readAll(other, 24), Error);
  assertStringIncludes(error.message, "TOPIC_AUTHORIZATION_FAILED");
  await other.close();
});

Deno.test("a partition whose leader answers at once that it can't be read now is left alone for a while, others are read on", async () => {
  const fake = broker(4);
  fake.retryBackoffMs = 60_000;
  fake.onAnswer = (answer) => {
    const at = fake.fetches.at(-1)!.partitions.findIndex(({ partition }) => partition === 0);
    // CORRUPT_MESSAGE: what a leader says that finds its own segment damaged.
    if (at >= 0) new DataView(answer.buffer).setInt16(partitionAt(answer, at) + 4, 2);
    return answer;
  };
  const fetcher = fake.fetcher({ partitionBytes: 200 });
  for (const partition of [0, 1]) fetcher.assign({ topic: TOPIC, partition }, 0);
  for (let read = 0; read < 12;) read += recordsOf(await fetcher.poll(1_000)).length;
  // The fetches that find nothing more of the other one give it many occasions.
  while (fake.fetches.length < 20) await fetcher.poll(1);
  assertEquals(fake.fetches.filter(({ partitions }) => partitions.some((p) => p.partition === 0)).length, 1);
  await fetcher.close();
});

Deno.test("whichever byte of an answer is wrong, each record comes once, in its order and as it was written", async () => {
  const { random } = seededRandom();
  for (let run = 0; run < 40; run++) {
    const fake = broker(20);
    const inARow = [0, 0];
    fake.onAnswer = (answer, batches) => {
      const { partitions, sessionEpoch } = fake.fetches.at(-1)!;
      // A damaged session id makes the next request one of a session, which is about all, and is refused.
      const inSession = sessionEpoch > 0;
      const asked = inSession ? [0, 1] : partitions.map(({ partition }) => partition);
      if (random() < 0.5 || asked.some((partition) => inARow[partition]! === MOST_TRIES - 1)) {
        if (!inSession) { for (const partition of asked) inARow[partition] = 0; }
        return answer;
      }
      // A batch's first offset has no checksum. With another one it still has to fit to the batches around it.
      const at = Math.floor(random() * answer.length);
      if (batches.some(({ from }) => at >= from && at < from + 8)) return answer;
      for (const partition of asked) inARow[partition]!++;
      answer[at]! ^= 1 << Math.floor(random() * 8);
      return answer;
    };
    const fetcher = fake.fetcher({ partitionBytes: 400 });
    await readAll(fetcher, 120);
    await fetcher.close();
  }
});

Deno.test("a batch whose offset does not come after the one before it makes the whole answer doubtful", async () => {
  const fake = broker(4);
  let answers = 0;
  fake.onAnswer = (answer, [, second]) => {
    if (answers++ === 0) new DataView(answer.buffer).setBigInt64(second!.from, 1n);
    return answer;
  };
  const fetcher = fake.fetcher();
  await readAll(fetcher, 24);
  assert(fake.warnings[0]!.includes("a batch that does not come after offset 2"), fake.warnings[0]);
  await fetcher.close();
});
