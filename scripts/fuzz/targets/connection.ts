import { assertEquals } from "@std/assert";
import { ConnectionLost } from "../../../src/kafka/port/errors.ts";
import { joined } from "../mutations.ts";
import type { FuzzTarget } from "../target.ts";
import { answerFrame, AnsweringBroker } from "./answering_broker.ts";

const RIGHT = Uint8Array.of(1, 2, 3, 4);
/** The correlation id of the first request behind ApiVersions, on a connection of its own. */
const FIRST_ID = 1;
const ANY_REQUEST = { key: 60, name: "Any", version: 0 };

let broker: AnsweringBroker | undefined;

/**
 * What comes over a connection in the place of an answer. The first byte says how many bytes come in a chunk,
 * 0 for all; behind the last one the connection ends. The next request has to be answered.
 */
export const CONNECTION: FuzzTarget = {
  name: "connection",
  refusals: [ConnectionLost],
  seeds() {
    const right = answerFrame(FIRST_ID, RIGHT);
    return [
      joined(Uint8Array.of(0), right),
      joined(Uint8Array.of(5), right),
      joined(Uint8Array.of(0), right, answerFrame(FIRST_ID + 1, RIGHT)),
      joined(Uint8Array.of(0), answerFrame(FIRST_ID + 1, RIGHT)),
      Uint8Array.of(0, 0x15, 3, 3, 0, 2, 2, 70), // an alert of TLS
    ];
  },
  async run(input) {
    broker ??= await AnsweringBroker.start();
    const { link } = broker;
    broker.replies = () => ({ bytes: chunks(input.subarray(1), input[0] ?? 0) });
    const [outcome] = await Promise.allSettled([ask(link)]);
    link.reset(0);
    broker.replies = () => ({ answer: RIGHT });
    assertEquals((await ask(link)).length, RIGHT.length, "the next request has another answer");
    link.reset(0);
    if (outcome.status === "rejected") throw outcome.reason;
  },
  async close() {
    await broker?.close();
    broker = undefined;
  },
};

function ask(link: AnsweringBroker["link"]): Promise<Uint8Array> {
  const { key, name, version } = ANY_REQUEST;
  return link.send(key, name, version, new Uint8Array(0), { decode: (bytes) => bytes });
}

function chunks(bytes: Uint8Array, size: number): Uint8Array[] {
  if (size === 0) return [bytes];
  return Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, i) => bytes.subarray(i * size, (i + 1) * size),
  );
}
