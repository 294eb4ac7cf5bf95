/**
 * Requests as they go over a connection: a length, the header, the body. Layout: RequestHeader.json of Apache
 * Kafka.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/**
 * What comes before the client id in a request: its length, api key and version, correlation id, and the
 * client id's length.
 */
const HEADER_BYTES = 14;

/** What a request's header says. */
export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: Uint8Array;
  /** Whether the header is of version 2, which ends with tagged fields: none. */
  readonly flexible: boolean;
}

/** The most bytes that the header of a request takes, its length in front included. */
export function mostHeaderBytes(clientId: Uint8Array): number {
  return HEADER_BYTES + clientId.length + 1;
}

/** Header and body in one new buffer, for bodies that are small. */
export function copiedFrame(header: RequestHeader, body: Uint8Array): Buffer {
  const at = headerLength(header);
  const frame = Buffer.allocUnsafe(at + body.length);
  frame.set(body, at);
  writeHeader(header, frame);
  return frame;
}

/** The body from index `bodyAt` on with the header in the bytes just before it: a view. */
export function frameInPlace(header: RequestHeader, body: Uint8Array, bodyAt: number): Buffer {
  const from = bodyAt - headerLength(header);
  const frame = Buffer.from(body.buffer, body.byteOffset + from, body.length - from);
  writeHeader(header, frame);
  return frame;
}

function headerLength({ clientId, flexible }: RequestHeader): number {
  return HEADER_BYTES + clientId.length + (flexible ? 1 : 0);
}

function writeHeader(header: RequestHeader, frame: Buffer): void {
  const { clientId } = header;
  frame.writeInt32BE(frame.length - 4, 0);
  frame.writeInt16BE(header.apiKey, 4);
  frame.writeInt16BE(header.apiVersion, 6);
  frame.writeInt32BE(header.correlationId, 8);
  frame.writeInt16BE(clientId.length, 12);
  frame.set(clientId, HEADER_BYTES);
  if (header.flexible) frame[HEADER_BYTES + clientId.length] = 0;
}
