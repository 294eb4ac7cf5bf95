/**
 * What is said when a connection can't be made or ends: what happened, the most likely cause, and what to do
 * about it.
 *
 * @module
 */
import { ConnectionLost, ConnectionRejected, messageOf } from "../port/errors.ts";
import type { InvalidLength } from "../wire/protocol/frame_reader.ts";

/** What is known of a connection. */
export interface Condition {
  readonly address: string;
  readonly stage: "connecting" | "securing" | "open" | "ended";
  readonly tls: "off" | "on" | "with a certificate";
  readonly credentials: boolean;
  /** How many answers have come. */
  readonly answers: number;
  /** Whether a part of the next one has come. */
  readonly inAnswer: boolean;
  /** The request that is answered next. */
  readonly waitingFor: string | undefined;
}

/**
 * A connection that was lost for what one more question would tell: is the certificate that is refused too
 * old, does the port speak without TLS, does it want credentials?
 */
export class Doubtful extends ConnectionLost {
  readonly doubt: "expired" | "plaintext" | "credentials";
  constructor(message: string, doubt: "expired" | "plaintext" | "credentials", options?: ErrorOptions) {
    super(message, options);
    this.doubt = doubt;
  }
}

const WITH_TLS = "KAFKA_SECURITY_PROTOCOL=SSL or SASL_SSL switches TLS on";
const WITHOUT_TLS =
  "KAFKA_SECURITY_PROTOCOL=PLAINTEXT or SASL_PLAINTEXT switches it off, CLOUD=false SASL too";
const NOT_TLS = `does this port speak TLS? ${WITHOUT_TLS}`;

/** What to do about a broker's certificate that is no longer, or not yet, valid. */
export const OUTDATED = "the broker needs another certificate, or this machine's clock is wrong";

/** Node's codes of what is wrong with a certificate, and what to do. */
const CERTIFICATE_REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /ALTNAME_INVALID/,
    "name the broker in KAFKA_BROKERS, and in its own advertised.listeners, as its certificate does",
  ],
  [/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/, OUTDATED],
  [
    /UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|SELF_SIGNED|CERT_UNTRUSTED|INVALID_CA/,
    "no authority trusted here has signed its certificate: set KAFKA_CA to a PEM file with the one that has",
  ],
];

/** How the other side says in TLS that it does not take this side's certificate, by OpenSSL and by rustls. */
const ALERT =
  /ALERT_(BAD_CERT|CERTIFICATE|UNKNOWN_CA)|fatal alert: (BadCert|Certificate|UnknownCA|Unsupported)/;

/** When the socket has an error. */
export function socketError(condition: Condition, error: unknown): ConnectionLost {
  const code = String((error as { code?: unknown }).code);
  const message = messageOf(error);
  if (condition.tls !== "off" && ALERT.test(`${code} ${message}`)) return ownCertificate(condition, error);
  if (condition.stage === "securing") {
    const remedy = CERTIFICATE_REMEDIES.find(([codes]) => codes.test(code))?.[1];
    const options = { cause: error };
    if (remedy === undefined) {
      const text = `${condition.address}: the TLS handshake failed: ${message}; ${NOT_TLS}`;
      return new Doubtful(text, "plaintext", options);
    }
    const text = `${condition.address}: its certificate is refused: ${message}; ${remedy}`;
    // Deno tells of one that has expired what it tells of one that nobody trusts.
    if (/UNABLE_TO_VERIFY/.test(code)) return new Doubtful(text, "expired", options);
    return new ConnectionRejected(text, options);
  }
  if (condition.stage === "open" && (code === "ECONNRESET" || code === "EPIPE")) {
    return hungUp(condition, { cause: error, code });
  }
  return new ConnectionLost(`${condition.address}: ${message}`, { cause: error });
}

/** The broker does not take this client's certificate, or misses one. */
function ownCertificate({ address, tls }: Condition, error: unknown): ConnectionRejected {
  const what = tls === "on"
    ? "the broker wants this client's certificate (mTLS)"
    : "the broker refuses this client's certificate";
  const remedy = tls === "on"
    ? "set KAFKA_CERT and KAFKA_KEY to PEM files with one that it trusts, and its key"
    : "KAFKA_CERT has to be valid by the broker's clock, and signed by an authority in its truststore";
  // OpenSSL's message has a file and a line besides.
  const alert = /alert:? ([A-Za-z ]+)/.exec(messageOf(error))?.[1];
  const said = alert === undefined ? "" : ` (alert ${alert})`;
  // As a cause, an alert that is named would be told a second time.
  const options = alert === undefined ? { cause: error } : {};
  return new ConnectionRejected(`${address}: ${what}${said}; ${remedy}`, options);
}

/** When the broker closes the connection. */
export function hungUp(
  { address, stage, tls, credentials, answers, inAnswer, waitingFor }: Condition,
  { cause, code }: { readonly cause?: unknown; readonly code?: string } = {},
): ConnectionLost {
  const text = (reason: string) => `${address}: ${reason}${code === undefined ? "" : ` (${code})`}`;
  const options = { cause };
  if (stage === "securing") {
    return new Doubtful(
      text(`it closed the connection in the TLS handshake; ${NOT_TLS}`),
      "plaintext",
      options,
    );
  }
  if (inAnswer) {
    const asked = waitingFor ?? "nothing asked";
    return new ConnectionLost(
      text(`it closed the connection in the middle of an answer (to ${asked})`),
      options,
    );
  }
  if (answers === 0 && tls === "off") {
    return new ConnectionLost(
      text(`it closed the connection before its first answer; does this port speak TLS? ${WITH_TLS}`),
      options,
    );
  }
  if (answers === 1 && !credentials && waitingFor !== undefined) {
    return new Doubtful(
      text(
        `it closed the connection at the first request (${waitingFor}), as one does that asks for ` +
          "credentials (SASL), or one that stops; set API_KEY and SECRET_KEY if it does",
      ),
      "credentials",
      options,
    );
  }
  return new ConnectionLost(text("it closed the connection"), options);
}

/** When the bytes are no answer. */
export function badLength({ address, tls, answers }: Condition, error: InvalidLength): ConnectionLost {
  if (error.isTls && tls === "off") {
    // Without the cause: what TLS has where a length would be says nothing.
    return new ConnectionRejected(`${address}: this port speaks TLS, and this client does not; ${WITH_TLS}`);
  }
  const remedy = answers === 0 ? "does a Kafka broker listen on this port?" : "the connection is given up";
  return new ConnectionLost(`${address}: ${error.message}; ${remedy}`, { cause: error });
}

/** When the connection is not made in time. */
export function stalled({ address, stage, waitingFor }: Condition, timeoutMs: number): ConnectionLost {
  const within = `within ${timeoutMs} ms`;
  if (stage === "connecting") {
    return new ConnectionLost(
      `${address}: no connection ${within}; does a firewall drop what is sent there?`,
    );
  }
  if (stage === "securing") return new ConnectionLost(`${address}: no TLS handshake ${within}; ${NOT_TLS}`);
  return new ConnectionLost(
    `${address}: no answer to ${
      waitingFor ?? "anything"
    } ${within} of connecting; does a Kafka broker listen on this port, ` +
      `and if it speaks TLS, does this client? (${WITH_TLS}; ${WITHOUT_TLS})`,
  );
}
