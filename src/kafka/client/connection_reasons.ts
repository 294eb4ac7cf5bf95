/**
 * What is said when a connection can't be made or ends: what happened, the most likely cause, and what to do
 * about it.
 *
 * @module
 */
import { messageOf } from "../port/errors.ts";
import type { InvalidLength } from "../wire/protocol/frame_reader.ts";

/** What is known of a connection. */
export interface Condition {
  readonly stage: "connecting" | "securing" | "open" | "ended";
  readonly ssl: boolean;
  readonly credentials: boolean;
  /** How many answers have come. */
  readonly answers: number;
  /** Whether a part of the next one has come. */
  readonly inAnswer: boolean;
  /** The request that is answered next. */
  readonly waitingFor: string | undefined;
}

const WITH_TLS = "API_KEY and SECRET_KEY switch TLS on";
const WITHOUT_TLS = "CLOUD=false switches TLS off";
const NOT_TLS = `does this port speak TLS? ${WITHOUT_TLS}`;

/** Node's codes of what is wrong with a certificate, and what to do. */
const CERTIFICATE_REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /ALTNAME_INVALID/,
    "name the broker in KAFKA_BROKERS, and in its own advertised.listeners, as its certificate does",
  ],
  [
    /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    "the broker needs another certificate, or this machine's clock is wrong",
  ],
  [
    /UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|SELF_SIGNED|CERT_UNTRUSTED|INVALID_CA/,
    "no authority trusted here has signed its certificate: set KAFKA_CA to a PEM file with the one that has",
  ],
];

/** When the socket has an error. */
export function socketReason(condition: Condition, error: unknown): string {
  const code = (error as { code?: unknown }).code;
  const message = messageOf(error);
  if (condition.stage === "securing") {
    const remedy = CERTIFICATE_REMEDIES.find(([codes]) => codes.test(String(code)))?.[1];
    if (remedy !== undefined) return `its certificate is refused: ${message}; ${remedy}`;
    return `the TLS handshake failed: ${message}; ${NOT_TLS}`;
  }
  if (condition.stage === "open" && (code === "ECONNRESET" || code === "EPIPE")) {
    return `${hangUpReason(condition)} (${code})`;
  }
  return message;
}

/** When the broker closes the connection. */
export function hangUpReason(condition: Condition): string {
  const { stage, ssl, credentials, answers, inAnswer, waitingFor } = condition;
  if (stage === "securing") return `it closed the connection in the TLS handshake; ${NOT_TLS}`;
  if (inAnswer) {
    return `it closed the connection in the middle of an answer (to ${waitingFor ?? "nothing asked"})`;
  }
  if (answers === 0 && !ssl) {
    return `it closed the connection before its first answer; does this port speak TLS? ${WITH_TLS}`;
  }
  if (answers === 1 && !credentials && waitingFor !== undefined) {
    return `it closed the connection at the first request (${waitingFor}), as one does that asks for ` +
      "credentials (SASL), or one that stops; set API_KEY and SECRET_KEY if it does";
  }
  return "it closed the connection";
}

/** When the bytes are no answer. */
export function lengthReason({ ssl, answers }: Condition, { message, isTls }: InvalidLength): string {
  if (isTls && !ssl) return `this port speaks TLS, and this client does not; ${WITH_TLS}`;
  return `${message}; ${
    answers === 0 ? "does a Kafka broker listen on this port?" : "the connection is given up"
  }`;
}

/** When the connection is not made in time. */
export function stalledReason({ stage, waitingFor }: Condition, timeoutMs: number): string {
  const within = `within ${timeoutMs} ms`;
  if (stage === "connecting") return `no connection ${within}; does a firewall drop what is sent there?`;
  if (stage === "securing") return `no TLS handshake ${within}; ${NOT_TLS}`;
  return `no answer to ${
    waitingFor ?? "anything"
  } ${within} of connecting; does a Kafka broker listen on this port, ` +
    `and if it speaks TLS, does this client? (${WITH_TLS}; ${WITHOUT_TLS})`;
}
