/**
 * ListGroups, version 5: the first that tells a group's type (KIP-848). Layout: ListGroupsRequest.json and
 * ListGroupsResponse.json of Apache Kafka.
 *
 * @module
 */
import { ByteReader, ByteWriter } from "./bytes.ts";

/** ListGroups' api key. */
export const LIST_GROUPS_KEY = 16;
/** The version that is spoken here. It is flexible. */
export const LIST_GROUPS_VERSION = 5;

/** A group that a broker coordinates. */
export interface ListedGroup {
  readonly groupId: string;
  readonly protocolType: string;
  readonly state: string;
  /** `classic`, `consumer`, `share` or `streams`, in whichever case. */
  readonly type: string;
}

/** Encodes a request for all groups. */
export function encodeListGroups(): Uint8Array {
  const out = new ByteWriter(8);
  out.compactArray([], () => {}); // in any state
  out.compactArray([], () => {}); // of any type
  out.noTags();
  return out.done();
}

/** Decodes an answer, with its flexible header's tags in front. */
export function decodeListGroups(bytes: Uint8Array): ListedGroup[] {
  const input = new ByteReader(bytes);
  input.skipTags();
  input.int32(); // throttle time
  input.int16(); // error code: what is known of groups is listed all the same
  return input.compactArray(() => {
    const groupId = input.compactString();
    const protocolType = input.compactString();
    const state = input.compactString();
    const type = input.compactString();
    input.skipTags();
    return { groupId, protocolType, state, type };
  });
}
