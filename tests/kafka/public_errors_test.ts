import { assert, assertEquals } from "@std/assert";
import { BrokerUnavailable, ConnectionLost, isRetriable, KafkaError } from "../../src/kafka/port/errors.ts";
import { causeOf, translate, unreachable } from "../../src/kafka/public_client/client.ts";

/** An error as kafkajs makes them. */
function thrown(name: string, fields: Record<string, unknown> = {}, ...causes: Error[]): Error {
  const [cause] = causes;
  const error = new Error(String(fields["message"] ?? "it failed"), cause === undefined ? {} : { cause });
  return Object.assign(error, { name }, fields);
}

Deno.test("Kafka's name of an error is found below kafkajs's wrappings", () => {
  const inner = thrown("KafkaJSProtocolError", { type: "ILLEGAL_GENERATION", retriable: false });
  const error = thrown("KafkaJSNumberOfRetriesExceeded", {}, thrown("KafkaJSNonRetriableError", {}, inner));
  assertEquals(causeOf(error).code, "ILLEGAL_GENERATION");
  const translated = translate(error, "Cannot commit");
  assert(translated instanceof KafkaError && !translated.retriable);
  assertEquals(translated.message, "Cannot commit: it failed (ILLEGAL_GENERATION)");
});

Deno.test("what may pass is retriable", () => {
  for (
    const error of [
      thrown("KafkaJSConnectionError"),
      thrown("KafkaJSNumberOfRetriesExceeded", {}, thrown("KafkaJSRequestTimeoutError")),
      new TypeError("Cannot read properties of null (reading 'write')"),
    ]
  ) {
    assert(translate(error, "Cannot fetch") instanceof ConnectionLost, error.name);
  }
  const moved = thrown("KafkaJSProtocolError", { type: "NOT_COORDINATOR_FOR_GROUP", retriable: false });
  assert(isRetriable(translate(moved, "")));
  assert(!isRetriable(translate(new TypeError("x is not a function"), "")));
});

Deno.test("an error that kafkajs does not know yet has its name", () => {
  const unknown = { type: "KAFKAJS_UNKNOWN_ERROR_CODE", message: "Unknown error code 90" };
  assertEquals(causeOf(thrown("KafkaJSProtocolError", unknown)).code, "PRODUCER_FENCED");
});

Deno.test("no broker, and wrong credentials, are told with what to do", () => {
  const refused = unreachable(
    ["a:1", "b:2"],
    thrown("KafkaJSConnectionError", { message: "connect ECONNREFUSED" }),
  );
  assert(refused instanceof BrokerUnavailable);
  for (const part of ["a:1, b:2", "ECONNREFUSED", "KAFKA_BROKERS", "deno task kafka"]) {
    assert(refused.message.includes(part), refused.message);
  }
  const wrong = unreachable(["a:1"], thrown("KafkaJSSASLAuthenticationError"));
  assert(wrong instanceof BrokerUnavailable && wrong.message.includes("API_KEY"), wrong.message);
});
