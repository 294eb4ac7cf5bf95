/**
 * One more question to a port that could not be used, for an error that says why. Nothing is sent that not
 * everybody may see.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import net from "node:net";
import tls from "node:tls";
import { Doubtful, OUTDATED } from "./connection_reasons.ts";
import { ConnectionRejected } from "../port/errors.ts";

/** A port that does not answer by then is not asked on, in ms. */
const MOST_MS = 2_000;

/** What is known after one more question; the error itself where the question tells nothing. */
export async function diagnosed(error: unknown, host: string, port: number): Promise<unknown> {
  if (!(error instanceof Doubtful)) return error;
  if (error.doubt === "expired") {
    return await outdated(host, port) ?? new ConnectionRejected(error.message, { cause: error });
  }
  if (error.doubt === "plaintext" && await answersInPlaintext(host, port)) {
    // Without the cause, which asks what this answers.
    return new ConnectionRejected(
      `${host}:${port}: this port speaks no TLS, and this client does; set KAFKA_SECURITY_PROTOCOL to ` +
        "PLAINTEXT, or with credentials to SASL_PLAINTEXT, or name a port with TLS in KAFKA_BROKERS",
    );
  }
  return error;
}

/** What is wrong with the dates of a port's certificate; `undefined` when nothing is. */
async function outdated(host: string, port: number): Promise<ConnectionRejected | undefined> {
  const certificate = await certificateOf(host, port);
  if (certificate === undefined) return undefined;
  const [from, to] = [Date.parse(certificate.valid_from), Date.parse(certificate.valid_to)];
  const what = to < Date.now()
    ? `expired on ${new Date(to).toISOString()}`
    : from > Date.now()
    ? `is valid from ${new Date(from).toISOString()}`
    : undefined;
  return what === undefined
    ? undefined
    : new ConnectionRejected(`${host}:${port}: its certificate is refused: it ${what}; ${OUTDATED}`);
}

/** A port's certificate, whoever has signed it: it is only looked at, and nothing is sent there. */
function certificateOf(host: string, port: number): Promise<tls.PeerCertificate | undefined> {
  const name = net.isIP(host) ? {} : { servername: host };
  const socket = tls.connect({ host, port, ...name, rejectUnauthorized: false });
  return answerOf(socket, (settle) => {
    socket.on("secureConnect", () => settle(socket.getPeerCertificate()));
  });
}

/** Whether a port answers Kafka's first request without TLS. */
async function answersInPlaintext(host: string, port: number): Promise<boolean> {
  const socket = net.connect({ host, port });
  const answer = await answerOf<boolean>(socket, (settle) => {
    socket.on("connect", () => socket.write(API_VERSIONS));
    // A length that a first answer may have, then the correlation id.
    socket.on(
      "data",
      (chunk: Buffer) =>
        settle(chunk.length >= 8 && chunk.readInt32BE(0) < 1_000_000 && chunk.readInt32BE(4) === 1),
    );
  });
  return answer === true;
}

/** ApiVersions (18) version 0, correlation id 1, no client id. */
const API_VERSIONS = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 255, 255]);

/** What a socket says in time; `undefined` when it ends before. */
async function answerOf<T>(
  socket: net.Socket,
  listen: (settle: (answer: T) => void) => void,
): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<T | undefined>();
  const timer = setTimeout(() => resolve(undefined), MOST_MS);
  socket.on("error", () => resolve(undefined));
  socket.on("close", () => resolve(undefined));
  listen(resolve);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
