import { assertEquals } from "@std/assert";
import { FetchSession } from "../../../src/kafka/client/fetch_session.ts";
import { partitionKey, type TopicPartition } from "../../../src/kafka/port/topics.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const at = (partition: number, offset: number) => ({
  topic: "t",
  partition,
  offset,
  endOffset: 100,
});
const named = (list: readonly TopicPartition[]): number[] => list.map(({ partition }) => partition);

Deno.test("a fetch session names all at first, then only what has changed", () => {
  const session = new FetchSession();
  const first = session.request([at(0, 5), at(1, 7)]);
  assertEquals([first.sessionId, first.sessionEpoch, named(first.partitions)], [0, 0, [0, 1]]);
  assertEquals(session.answered(42, "NONE"), false);
  const second = session.request([at(0, 9), at(1, 7)]);
  assertEquals([second.sessionId, second.sessionEpoch, named(second.partitions)], [42, 1, [0]]);
  assertEquals(session.answered(42, "NONE"), false);
  const third = session.request([at(0, 9)]);
  assertEquals([third.sessionEpoch, named(third.partitions), named(third.forgotten)], [2, [], [1]]);
  assertEquals(session.answered(42, "NONE"), false);
  const fourth = session.request([at(0, 9), at(1, 7)]);
  assertEquals([fourth.sessionEpoch, named(fourth.partitions), named(fourth.forgotten)], [3, [1], []]);
});

Deno.test("a session that the broker does not know any more is begun anew, at once", () => {
  for (const error of ["FETCH_SESSION_ID_NOT_FOUND", "INVALID_FETCH_SESSION_EPOCH"]) {
    const session = new FetchSession();
    session.request([at(0, 5)]);
    session.answered(42, "NONE");
    session.request([at(0, 5)]);
    assertEquals(session.answered(0, error), true);
    const { sessionId, sessionEpoch, partitions } = session.request([at(0, 5)]);
    assertEquals([sessionId, sessionEpoch, named(partitions)], [0, 0, [0]]);
  }
});

Deno.test("after a failure the next request ends the session that may be left, and begins another", () => {
  const session = new FetchSession();
  session.request([at(0, 5)]);
  session.answered(42, "NONE");
  session.request([at(0, 6)]);
  session.failed();
  const { sessionId, sessionEpoch, partitions } = session.request([at(0, 6)]);
  assertEquals([sessionId, sessionEpoch, named(partitions)], [42, 0, [0]]);
});

Deno.test("a broker without room for sessions is told everything each time", () => {
  const session = new FetchSession();
  for (let i = 0; i < 3; i++) {
    const { sessionId, sessionEpoch, partitions } = session.request([at(0, 5), at(1, 5)]);
    assertEquals([sessionId, sessionEpoch, named(partitions)], [0, 0, [0, 1]]);
    assertEquals(session.answered(0, "NONE"), false);
  }
});

Deno.test("a partition whose end is not known is told of again, though the session has it", () => {
  const session = new FetchSession();
  session.request([at(0, 5), at(1, 5)]);
  session.answered(42, "NONE");
  const { sessionEpoch, partitions } = session.request([at(0, 5), { ...at(1, 5), endOffset: undefined }]);
  assertEquals([sessionEpoch, named(partitions)], [0, [0, 1]]);
});

Deno.test("what a broker knows of a session is what is wanted, whatever fails in between", () => {
  const { below } = seededRandom();
  const session = new FetchSession();
  let broker: { id: number; epoch: number; offsets: Map<string, number> } | undefined;
  let ids = 0;
  for (let step = 0; step < 5_000; step++) {
    const wanted = Array.from({ length: 8 }, (_, partition) => at(partition, below(3)))
      .filter(() => below(4) > 0);
    for (let again = true; again;) {
      again = false;
      const request = session.request(wanted);
      const fate = below(12);
      if (fate === 0) { // the request is lost
        session.failed();
        break;
      }
      if (fate === 1) broker = undefined; // it has dropped the session
      if (request.sessionEpoch === 0) {
        broker = { id: ++ids, epoch: 0, offsets: new Map() };
      } else if (broker === undefined || broker.id !== request.sessionId) {
        again = session.answered(0, "FETCH_SESSION_ID_NOT_FOUND");
        assertEquals(again, true);
        continue;
      }
      assertEquals(request.sessionEpoch, broker.epoch);
      broker.epoch++;
      for (const { topic, partition, offset } of request.partitions) {
        broker.offsets.set(partitionKey(topic, partition), offset);
      }
      for (const { topic, partition } of request.forgotten) {
        broker.offsets.delete(partitionKey(topic, partition));
      }
      assertEquals(
        broker.offsets,
        new Map(wanted.map(({ topic, partition, offset }) => [partitionKey(topic, partition), offset])),
      );
      if (fate === 2) { // the answer is lost
        session.failed();
        break;
      }
      session.answered(broker.id, "NONE");
    }
  }
});
