import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import kafkajsPackage from "kafkajs/package.json" with { type: "json" };
import Decoder from "kafkajs/src/protocol/decoder.js";
import errors from "kafkajs/src/protocol/error.js";
import apiKeys from "kafkajs/src/protocol/requests/apiKeys.js";
import requests from "kafkajs/src/protocol/requests/index.js";
import {
  checkKafkajs,
  KAFKAJS_VERSION,
  type KafkajsModules,
} from "../../../src/kafka/client/kafkajs_internals.ts";

const KNOWN: KafkajsModules = {
  version: kafkajsPackage.version,
  Decoder,
  errors,
  apiKeys,
  requests,
};

/** What is said of a kafkajs in which these modules are others. */
function complaint(others: Partial<KafkajsModules>): string {
  return assertThrows(() => checkKafkajs({ ...KNOWN, ...others }), Error).message;
}

Deno.test("the kafkajs that is installed is the one whose inside is known", () => {
  checkKafkajs(KNOWN);
  checkKafkajs();
});

Deno.test("another version of kafkajs is refused, with both versions and what to do", () => {
  assertEquals(
    complaint({ version: "9.9.9" }),
    `Cannot use the installed kafkajs: it lacks version ${KAFKAJS_VERSION} (received 9.9.9); ` +
      `pin kafkajs to exactly ${KAFKAJS_VERSION} in deno.json`,
  );
});

Deno.test("a request that kafkajs lacks, or only knows by name, is named", () => {
  const { Heartbeat: _, ...others } = requests.requests;
  assertStringIncludes(complaint({ requests: { requests: others } }), "it lacks requests.Heartbeat; pin");
  const unimplemented = { versions: [], protocol: () => {} };
  const without = { requests: { ...requests.requests, EndTxn: unimplemented } };
  assertStringIncludes(complaint({ requests: without }), "it lacks requests.EndTxn; pin");
  assertStringIncludes(complaint({ apiKeys: { ...apiKeys, Metadata: undefined } }), "apiKeys.Metadata");
});

Deno.test("a method that kafkajs's classes lack is named", () => {
  class Reader {
    readInt16(): void {}
    readInt32(): void {}
    readArray(): void {}
    readString(): void {}
  }
  assertStringIncludes(complaint({ Decoder: Reader }), "it lacks Decoder.readBytes; pin");
});

Deno.test("all that is missing is named at once", () => {
  const message = complaint({ version: "3.0.0", Decoder: undefined, errors: {} });
  for (const part of ["version 2.2.4 (received 3.0.0)", "Decoder.readArray", "errorCodes"]) {
    assertStringIncludes(message, part);
  }
});
