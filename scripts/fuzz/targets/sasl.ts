import { mechanismOf } from "../../../src/kafka/security/mechanisms.ts";
import { ConnectionLost, KafkaError } from "../../../src/kafka/port/errors.ts";
import { ByteWriter } from "../../../src/kafka/wire/protocol/bytes.ts";
import { joined } from "../mutations.ts";
import type { FuzzTarget } from "../target.ts";
import { AnsweringBroker } from "./answering_broker.ts";

const HANDSHAKE = 17;
/** Stands in an answer for the nonce that the client has sent. */
const NONCE = "NONCE";
const PASSWORD = "fuzzed-password";

/** A broker for each mechanism. */
const brokers = new Map<string, AnsweringBroker>();
const MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512"] as const;

/**
 * A broker's answers while credentials are presented: the first byte says by which mechanism; then come the answers, each with its
 * length in two bytes in front.
 */
export const SASL: FuzzTarget = {
  name: "sasl",
  refusals: [ConnectionLost, KafkaError],
  seeds() {
    const first = `r=${NONCE}xyz,s=c2FsdHNhbHRzYWx0c2FsdA==,i=4096`;
    return [
      seed(0, handshake("PLAIN"), authenticated("")),
      seed(1, handshake("SCRAM-SHA-256"), authenticated(first), authenticated("v=AAAA")),
      seed(2, handshake("SCRAM-SHA-512", "PLAIN"), authenticated(first), authenticated("e=other-error")),
      seed(2, handshake("SCRAM-SHA-512"), authenticated(`r=${NONCE},s=,i=999999999`)),
    ];
  },
  async run(input) {
    const mechanism = MECHANISMS[(input[0] ?? 0) % MECHANISMS.length]!;
    const broker = await brokerFor(mechanism);
    const answers = parts(input.subarray(1));
    broker.replies = (apiKey, request) => {
      const answer = answers.shift();
      if (answer === undefined) return { bytes: [] };
      return { answer: apiKey === HANDSHAKE ? answer : withNonce(answer, request) };
    };
    try {
      await broker.link.connect();
    } catch (error) {
      if (error instanceof Error && error.message.includes(PASSWORD)) {
        throw new TypeError("a password is told");
      }
      throw error;
    } finally {
      broker.link.reset(0);
    }
  },
  async close() {
    await Promise.all([...brokers.values()].map((broker) => broker.close()));
    brokers.clear();
  },
};

async function brokerFor(mechanism: typeof MECHANISMS[number]): Promise<AnsweringBroker> {
  const sasl = mechanismOf({ mechanism, username: "user", password: PASSWORD }, () => undefined);
  const broker = brokers.get(mechanism) ?? await AnsweringBroker.start({ sasl });
  brokers.set(mechanism, broker);
  return broker;
}

function seed(mechanism: number, ...answers: readonly Uint8Array[]): Uint8Array {
  const out = new ByteWriter();
  out.int8(mechanism);
  for (const answer of answers) {
    out.int16(answer.length);
    out.raw(answer);
  }
  return out.done();
}

/** The answers of an input; one that is cut is as long as it is. */
function parts(input: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at + 2 <= input.length;) {
    const length = (input[at]! << 8) | input[at + 1]!;
    found.push(input.subarray(at + 2, at += 2 + length));
  }
  return found;
}

function handshake(...mechanisms: readonly string[]): Uint8Array {
  const out = new ByteWriter();
  out.int16(0);
  out.int32(mechanisms.length);
  for (const mechanism of mechanisms) out.string(mechanism);
  return out.done();
}

function authenticated(message: string): Uint8Array {
  const out = new ByteWriter();
  out.int16(0);
  out.string(null);
  out.bytes(new TextEncoder().encode(message));
  out.int64(60_000);
  return out.done();
}

/** The answer with the client's nonce, where it has the place for it; lengths change with it, as its field's does. */
function withNonce(answer: Uint8Array, request: Uint8Array): Uint8Array {
  const text = latin1.decode(answer);
  const at = text.indexOf(NONCE);
  const nonce = /,r=([^,]*)/.exec(latin1.decode(request))?.[1];
  if (at < 0 || nonce === undefined || at < 8) return answer;
  const bytes = joined(
    answer.subarray(0, at),
    new TextEncoder().encode(nonce),
    answer.subarray(at + NONCE.length),
  );
  const length = text.indexOf("r=") - 4;
  const view = new DataView(bytes.buffer);
  if (length >= 0) view.setInt32(length, view.getInt32(length) + nonce.length - NONCE.length);
  return bytes;
}

const latin1 = new TextDecoder("latin1");
