import { ConnectionLost, KafkaError } from "../../../src/kafka/port/errors.ts";
import { DamagedAnswer } from "../../../src/kafka/wire/protocol/damaged_answer.ts";
import { joined } from "../mutations.ts";
import type { FuzzTarget } from "../target.ts";
import { ANSWER_CASES } from "./answer_cases.ts";

/**
 * Answers of a broker to each request that is sent here. The first byte says to which, the others are the
 * answer behind its correlation id.
 */
export const ANSWERS: FuzzTarget = {
  name: "answers",
  refusals: [RangeError, DamagedAnswer, ConnectionLost, KafkaError],
  seeds: () => ANSWER_CASES.map(({ answer }, i) => joined(Uint8Array.of(i), answer)),
  async run(input) {
    await ANSWER_CASES[(input[0] ?? 0) % ANSWER_CASES.length]!.read(input.subarray(1));
  },
};
