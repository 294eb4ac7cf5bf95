/**
 * Requests that kafkajs encodes and decodes, over a connection of ours.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import { type KafkajsExchange, protocolErrorOf } from "./kafkajs_internals.ts";

/** The versions of requests that a broker takes, by api key. */
export type Versions = Readonly<
  Record<number, { readonly minVersion: number; readonly maxVersion: number } | undefined>
>;

/** Sends what kafkajs encodes; what it decodes. An answer that it can't decode ends the connection. */
export async function exchange(
  connection: Connection,
  of: KafkajsExchange,
  timeoutMs?: number,
  // deno-lint-ignore no-explicit-any -- as kafkajs decodes it
): Promise<any> {
  const { apiKey, apiName, apiVersion, encode } = of.request;
  const { buffer: body } = await encode();
  const answer = await connection.send({
    apiKey,
    apiName,
    apiVersion,
    body,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    decode: (answer) => answer,
  });
  try {
    return await of.response.decode(answer);
  } catch (error) {
    if (protocolErrorOf(error) !== undefined) throw error;
    throw connection.unreadable(apiName, error);
  }
}
