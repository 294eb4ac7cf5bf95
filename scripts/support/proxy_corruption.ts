/**
 * What a broken network card, or a broker that is not one, does to an answer. Each corruption is one that can be noticed: a length
 * that is not the frame's, another request's id, a body that ends early, or a record batch that its checksum does not fit.
 *
 * @module
 */
import { decodeFetch, FETCH_KEY, FETCH_VERSION } from "../../src/kafka/wire/protocol/fetch.ts";

/** Bytes of a record batch in front of what its checksum covers: base offset, length, leader epoch, magic and the checksum. */
const BEFORE_CHECKED = 21;

/** A corrupt copy of an answer's frame. `random` gives numbers from 0 to 1. */
export function corrupted(
  frame: Uint8Array,
  request: { readonly apiKey: number; readonly apiVersion: number },
  random: () => number,
): Uint8Array {
  const copy = frame.slice();
  const records = request.apiKey === FETCH_KEY && request.apiVersion === FETCH_VERSION
    ? recordsIn(copy)
    : undefined;
  if (records !== undefined) {
    records[BEFORE_CHECKED + Math.floor(random() * (records.length - BEFORE_CHECKED))]! ^= 0x10;
    return copy;
  }
  const view = new DataView(copy.buffer);
  const kind = Math.floor(random() * 5);
  if (kind === 0) view.setInt32(0, 0);
  else if (kind === 1) view.setInt32(0, -frame.length);
  else if (kind === 2) view.setInt32(0, 0x7fff_ffff);
  else if (kind === 3) view.setInt32(4, view.getInt32(4) ^ 0x4000_0000);
  else return endedEarly(copy);
  return copy;
}

/** The first partition's records that are at least one batch; a view. */
function recordsIn(frame: Uint8Array): Uint8Array | undefined {
  return decodeFetch(frame.subarray(8)).partitions.map(({ records }) => records)
    .find((records) => records.length > 61);
}

/** The frame without the second half of its body, and with a length that says so. */
function endedEarly(frame: Uint8Array): Uint8Array {
  const half = frame.slice(0, 8 + ((frame.length - 8) >> 1));
  new DataView(half.buffer).setInt32(0, half.length - 4);
  return half;
}
