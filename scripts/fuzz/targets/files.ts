import { assert } from "@std/assert";
import { UsageError } from "../../../src/cli/arguments.ts";
import { VARIABLES } from "../../secrets/access.ts";
import { readCredentials } from "../../secrets/credentials_file.ts";
import { loadOf, MOST_SECONDS, readRecorded } from "../../simulate/recorded.ts";
import { ScriptError } from "../../support/errors.ts";
import { bytesOf, textOf } from "../support.ts";
import type { FuzzTarget } from "../target.ts";

const FILES = ["c.env", "c.json", "c.yaml"];
const SECRET = "hunter2hunter2";

/** A file with credentials; its first byte says of which kind. No message may repeat what is in it. */
export const CREDENTIALS: FuzzTarget = {
  name: "credentials",
  refusals: [UsageError],
  seeds: () =>
    [
      `0export API_KEY=key\n# a comment\nSECRET_KEY="${SECRET}\\n"\nKAFKA_BROKERS='a:9092'`,
      `1{"api-key": "key", "SECRET_KEY": "${SECRET}", "KAFKA_BROKERS": "a:9092", "other": [1]}`,
      `2api-key: &a key\nsecret-key: '${SECRET}'\nkafka-brokers: |-\n  a:9092\nother: {<<: {b: *a}}`,
    ].map(bytesOf),
  run(input) {
    const text = textOf(input);
    try {
      readCredentials(FILES[text.charCodeAt(0) % FILES.length] ?? "c.env", text.slice(1), VARIABLES);
    } catch (error) {
      if (error instanceof Error && error.message.includes(SECRET)) {
        throw new Error("a secret is told", { cause: error });
      }
      throw error;
    }
  },
};

/** A recording of a run, as `deno task simulate --recorded` takes it. */
export const TIMELINE: FuzzTarget = {
  name: "timeline",
  refusals: [ScriptError],
  seeds: () =>
    [
      "second,in,replicas,lag\n0,1000,1,0\n1,2000,2,\n2,1500.5,2,17",
      "second,load,wanted,consumer_lag_a,consumer_lag_b,consumer_lag_b_pods\r\n0,1,1,2,3,4\r\n60,5,1,,6,7\r\n",
    ].map(bytesOf),
  run(input) {
    const recorded = readRecorded("timeline.csv", textOf(input));
    const seconds = recorded.second.at(-1)! - recorded.second[0]!;
    assert(seconds >= 0 && seconds <= MOST_SECONDS);
    const load = loadOf(recorded);
    for (const at of [0, 1, 60]) assert(load(at) >= 0, `a load of ${load(at)}`);
  },
};
