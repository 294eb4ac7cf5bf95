import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BrokerUnavailable,
  ConnectionLost,
  ConnectionRejected,
  KafkaError,
} from "../../../src/kafka/port/errors.ts";
import { MemoryLog, type TopicDescription, waitForBroker, WaitInterrupted } from "../../../src/kafka/mod.ts";

const REFUSED = new BrokerUnavailable(
  "Cannot reach Kafka at kafka:9092: tried kafka:9092: connect ECONNREFUSED (for 1.0 s). " +
    "Is it running, and is KAFKA_BROKERS right? In a checkout of kos `deno task kafka` starts one",
);

/** A log that fails as told, with a clock that only sleeping, and trying for `tryMs`, moves. */
function bench(failures: (Error | undefined)[], tryMs = 1_000) {
  const state = { now: 0, tries: 0 };
  const lines: string[] = [];
  const log = new MemoryLog();
  log.describeTopics = () => {
    state.now += tryMs;
    const error = failures[Math.min(state.tries++, failures.length - 1)];
    return error === undefined ? Promise.resolve(new Map()) : Promise.reject(error);
  };
  const options = {
    forMs: 60_000,
    logger: { info: (line: string) => lines.push(line), warn: (line: string) => lines.push(line) },
    now: () => state.now,
    // Long ones are those that tell of an answer that does not come: it comes before them here.
    sleep: (ms: number) => {
      if (ms > 1_000) return new Promise<void>(() => {});
      state.now += ms;
      return Promise.resolve();
    },
  };
  return { log, options, lines, state };
}

Deno.test("a broker that answers is not waited for, and nothing is said", async () => {
  const { log, options, lines, state } = bench([undefined]);
  await waitForBroker(log, options);
  assertEquals([state.tries, lines], [1, []]);
});

Deno.test("while no broker answers that is said at once, with what to do, and every few seconds, and when one does", async () => {
  const { log, options, lines, state } = bench([...Array(12).fill(REFUSED), undefined]);
  await waitForBroker(log, options);
  assertEquals(state.tries, 13);
  const reason = "Cannot reach Kafka at kafka:9092: tried kafka:9092: connect ECONNREFUSED (for 1.0 s).";
  assertEquals(lines, [
    `waiting for a broker, 1 s of 60 s: ${REFUSED.message}`,
    `waiting for a broker, 7 s of 60 s: ${reason}`,
    `waiting for a broker, 13 s of 60 s: ${reason}`,
    "a broker answers after 19 s",
  ]);
});

Deno.test("when the time is up the error has the reason, what to do, and the flag", async () => {
  const { log, options } = bench([REFUSED]);
  const error = await assertRejects(() => waitForBroker(log, options), BrokerUnavailable);
  assert(error.message.startsWith(REFUSED.message), error.message);
  assert(error.message.endsWith("(waited 61 s: --wait-for-broker)"), error.message);
});

Deno.test("with 0 s nothing is waited for and nothing asked", async () => {
  const { log, options, state } = bench([REFUSED]);
  await waitForBroker(log, { ...options, forMs: 0 });
  assertEquals(state.tries, 0);
});

Deno.test("a name that does not resolve yet is waited for, and told to be one", async () => {
  const error = new BrokerUnavailable("Cannot reach Kafka: tried kafka-0: getaddrinfo ENOTFOUND kafka-0.");
  const { log, options, lines } = bench([error, undefined]);
  await waitForBroker(log, options);
  assert(lines[0]!.includes("The name does not resolve yet"), lines[0]);
});

Deno.test("an answer that breaks off is waited for too", async () => {
  const { log, options, state } = bench([new ConnectionLost("reset"), undefined]);
  await waitForBroker(log, options);
  assertEquals(state.tries, 2);
});

Deno.test("refused credentials or certificates, and what is no matter of a broker, are told at once", async () => {
  const causes = [
    new KafkaError("SASL_AUTHENTICATION_FAILED", "refused", false),
    new ConnectionRejected("its certificate is refused"),
  ];
  const unusable = causes.map((cause) => new BrokerUnavailable("Cannot use Kafka", { cause }));
  for (const error of [...unusable, new TypeError("a defect")]) {
    const { log, options, state } = bench([error]);
    await assertRejects(() => waitForBroker(log, options), Error, error.message);
    assertEquals(state.tries, 1);
  }
});

Deno.test("the signal ends the wait, also while a try takes its time", async () => {
  const controller = new AbortController();
  const { log, options } = bench([REFUSED]);
  log.describeTopics = () => new Promise(() => {});
  const waiting = waitForBroker(log, { ...options, signal: controller.signal });
  controller.abort();
  await assertRejects(() => waiting, WaitInterrupted);
  await assertRejects(() => waitForBroker(log, { ...options, signal: controller.signal }), WaitInterrupted);
});

Deno.test("a try that never answers is told of while it lasts", async () => {
  const { log, options, lines, state } = bench([undefined]);
  const answer = Promise.withResolvers<Map<string, TopicDescription>>();
  log.describeTopics = () => answer.promise;
  let sleeps = 0;
  const sleep = (ms: number) => {
    state.now += ms;
    if (++sleeps === 3) answer.resolve(new Map());
    return Promise.resolve();
  };
  await waitForBroker(log, { ...options, sleep });
  assertEquals(lines[0], "waiting for a broker, 5 s of 60 s: no answer yet");
  assert(lines.at(-1)!.startsWith("a broker answers after"), lines.at(-1));
});
