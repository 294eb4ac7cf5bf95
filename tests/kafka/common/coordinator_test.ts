import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Coordinator, GroupError } from "../../../src/kafka/common/coordinator.ts";
import { BrokerUnavailable, KafkaError } from "../../../src/kafka/port/errors.ts";
import { encodeAssignment } from "../../../src/kafka/wire/consumer_protocol.ts";
import { Membership } from "../../../src/kafka/common/membership.ts";
import { retrying } from "../../../src/kafka/common/retrying.ts";

const NOT_READY = [
  "GROUP_COORDINATOR_NOT_AVAILABLE",
  "GROUP_LOAD_IN_PROGRESS",
  "NOT_COORDINATOR_FOR_GROUP",
  "NOT_LEADER_FOR_PARTITION",
  "LEADER_NOT_AVAILABLE",
];
/** Its time is up before it began. */
const SETTINGS = { requestTimeoutMs: -1, retryBackoffMs: 1 };

/** Fails with the error so many times. */
function failing(times: number, error: Error): () => Promise<string> {
  return () => times-- > 0 ? Promise.reject(error) : Promise.resolve("done");
}

Deno.test("what a broker says is not ready yet is asked for again beyond the request's own time", async () => {
  for (const code of NOT_READY) {
    assertEquals(await retrying(SETTINGS, failing(3, new KafkaError(code, code, true))), "done");
  }
});

Deno.test("other failures, and no broker at all, are told when the request's time is up", async () => {
  const errors = [new KafkaError("REQUEST_TIMED_OUT", "late", true), new BrokerUnavailable("nobody")];
  for (const error of errors) {
    await assertRejects(() => retrying(SETTINGS, failing(3, error)), Error, error.message);
  }
});

/** A member whose first tries to join fail with the error. */
function member(error: GroupError): Membership {
  let failures = 3;
  const coordinator: Coordinator = {
    join: () =>
      failures-- > 0
        ? Promise.reject(error)
        : Promise.resolve({ memberId: "me", generation: 1, leader: "other", members: [] }),
    sync: () => Promise.resolve(encodeAssignment({ partitions: [] })),
    heartbeat: () => Promise.resolve(),
    commit: () => Promise.resolve(),
    leave: () => Promise.resolve(),
    describeTopics: () => Promise.resolve(new Map()),
    close: () => Promise.resolve(),
  };
  const quiet = { warn() {}, error() {} };
  return new Membership({
    groupId: "g",
    topics: [],
    assignor: { name: "none", userData: () => new Uint8Array(), assign: () => new Map() },
    onAssigned: () => Promise.resolve(),
    onRevoked: () => Promise.resolve(),
    onLost: () => Promise.resolve(),
  }, {
    coordinator,
    logger: quiet,
    heartbeatIntervalMs: Infinity,
    metadataRefreshMs: Infinity,
    ...SETTINGS,
  });
}

Deno.test("the first join waits for a coordinator that is not ready yet", async () => {
  for (const code of NOT_READY) {
    const joining = member(new GroupError(code, code, { retriable: true }));
    await joining.join();
    assertEquals(joining.rebalances, 1);
    await joining.leave();
  }
});

Deno.test("the first join does not wait for brokers that are not there", async () => {
  for (const code of ["UNAVAILABLE", "NO_BROKER"]) {
    const joining = member(new GroupError(code, "nobody there", { retriable: true }));
    const error = await assertRejects(() => joining.join(), Error);
    assert(error.message.includes("nobody there"), error.message);
    await joining.leave();
  }
});
