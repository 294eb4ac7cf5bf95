/**
 * Metadata, version 12, for the ids of topics (KIP-516): by these a topic that was deleted and created again
 * is told from the former one. Layout: MetadataRequest.json and MetadataResponse.json of Apache Kafka.
 *
 * @module
 */
import { ByteReader, ByteWriter } from "./bytes.ts";

/** Metadata's api key. */
export const METADATA_KEY = 3;
/** The version that is spoken here. It is flexible. */
export const METADATA_VERSION = 12;

/** Encodes a request for topics by name. Creates none. */
export function encodeMetadata(topics: readonly string[]): Uint8Array {
  const out = new ByteWriter(64 + topics.length * 48);
  out.compactArray(topics, (topic) => {
    for (let word = 0; word < 4; word++) out.int32(0); // no topic id
    out.compactString(topic);
    out.noTags();
  });
  out.int8(0); // don't create
  out.int8(0); // no authorized operations
  out.noTags();
  return out.done();
}

/**
 * Decodes the topics' ids from an answer, with its flexible header's tags in front. Topics that are not there
 * have none.
 */
export function decodeTopicIds(bytes: Uint8Array): Map<string, string> {
  const input = new ByteReader(bytes);
  input.skipTags();
  input.int32(); // throttle time
  input.compactArray(() => {
    input.int32(); // node id
    input.compactString(); // host
    input.int32(); // port
    input.compactString(); // rack
    input.skipTags();
  });
  input.compactString(); // cluster id
  input.int32(); // controller
  const ids = new Map<string, string>();
  input.compactArray(() => {
    const errorCode = input.int16();
    const name = input.compactString();
    const id = readUuid(input);
    input.int8(); // internal
    input.compactArray(() => skipPartition(input));
    input.int32(); // authorized operations
    input.skipTags();
    if (errorCode === 0 && id !== NO_ID) ids.set(name, id);
  });
  return ids;
}

function readUuid(input: ByteReader): string {
  let hex = "";
  for (let word = 0; word < 4; word++) hex += (input.int32() >>> 0).toString(16).padStart(8, "0");
  return hex;
}

function skipPartition(input: ByteReader): void {
  input.int16(); // error code
  for (let field = 0; field < 3; field++) input.int32(); // partition, leader, leader epoch
  for (let list = 0; list < 3; list++) input.compactArray(() => input.int32()); // replicas, in sync, offline
  input.skipTags();
}

const NO_ID = "0".repeat(32);
