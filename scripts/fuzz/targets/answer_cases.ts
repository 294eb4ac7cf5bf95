/**
 * Requests, and a right answer to each.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { checkAnswer } from "../../../src/kafka/client/answer_checks.ts";
import type { Connection } from "../../../src/kafka/client/connection.ts";
import {
  type ApiName,
  exchangeOf,
  knownVersions,
  protocolErrorOf,
} from "../../../src/kafka/client/kafkajs_internals.ts";
import { exchange } from "../../../src/kafka/client/kafkajs_exchange.ts";
import { ConnectionLost, KafkaError, messageOf } from "../../../src/kafka/port/errors.ts";
import { ByteWriter } from "../../../src/kafka/wire/protocol/bytes.ts";
import { checkedFetch, FETCH_VERSION } from "../../../src/kafka/wire/protocol/fetch.ts";
import { decodeListGroups, LIST_GROUPS_VERSION } from "../../../src/kafka/wire/protocol/list_groups.ts";
import { decodeTopicIds, METADATA_VERSION } from "../../../src/kafka/wire/protocol/metadata.ts";
import { checkedOffsetFetch, OFFSET_FETCH_VERSION } from "../../../src/kafka/wire/protocol/offset_fetch.ts";
import { decodeProduce, PRODUCE_VERSION } from "../../../src/kafka/wire/protocol/produce.ts";
import {
  decodeInitProducerId,
  decodeTxnOffsetCommit,
  TRANSACTIONS_VERSION,
} from "../../../src/kafka/wire/protocol/transactions.ts";

/** An answer to a request, and how it is read. */
export interface AnswerCase {
  readonly name: string;
  /** Reads another one as the client does, but for the socket. */
  readonly read: (answer: Uint8Array) => unknown;
  readonly answer: Uint8Array;
}

const TOPIC = "t";
const PARTITIONS = [0, 1];
const asked = PARTITIONS.map((partition) => ({ topic: TOPIC, partition }));
const topics = [{
  topic: TOPIC,
  partitions: PARTITIONS.map((partition) => ({ partition, offset: "9", timestamp: -1 })),
}];
const member = { groupId: "g", groupGenerationId: 1, generationId: 1, memberId: "m", groupInstanceId: null };

/** All cases, in an order that stays: a target's inputs name them by number. */
export const ANSWER_CASES: readonly AnswerCase[] = [
  byName("Metadata", { topics: [TOPIC] }, (out) => {
    out.int32(0);
    list(out, [1, 2], (node) => {
      out.int32(node);
      out.string("127.0.0.1");
      out.int32(9092);
      out.string(null);
    });
    out.string("cluster");
    out.int32(1);
    list(out, [TOPIC], (topic) => {
      out.int16(0);
      out.string(topic);
      out.int8(0);
      list(out, PARTITIONS, (partition) => {
        out.int16(0);
        out.int32(partition);
        out.int32(1);
        for (let i = 0; i < 3; i++) list(out, [1], (node) => out.int32(node));
      });
    });
  }),
  byName("ListOffsets", { isolationLevel: 0, topics }, (out) => {
    out.int32(0);
    byPartition(out, (partition) => {
      out.int32(partition);
      out.int16(0);
      out.int64(-1);
      out.int64(9);
    });
  }),
  byName("OffsetCommit", { ...member, topics }, (out) => {
    out.int32(0);
    byPartition(out, (partition) => {
      out.int32(partition);
      out.int16(0);
    });
  }),
  byName("OffsetFetch", { groupId: "g", topics }, (out) => {
    out.int32(0);
    byPartition(out, (partition) => {
      out.int32(partition);
      out.int64(9);
      out.string("metadata");
      out.int16(0);
    });
    out.int16(0);
  }),
  byName("GroupCoordinator", { groupId: "g", coordinatorType: 0 }, (out) => {
    out.int32(0);
    out.int16(0);
    out.string(null);
    out.int32(1);
    out.string("127.0.0.1");
    out.int32(9092);
  }),
  byName("JoinGroup", {
    ...member,
    sessionTimeout: 1,
    rebalanceTimeout: 1,
    protocolType: "consumer",
    groupProtocols: [],
  }, (out) => {
    out.int32(0);
    out.int16(0);
    out.int32(1);
    for (const text of ["kos", "m", "m"]) out.string(text);
    list(out, ["m", "n"], (id) => {
      out.string(id);
      out.string(null);
      out.bytes(Uint8Array.of(0, 1));
    });
  }),
  byName("SyncGroup", { ...member, groupAssignment: [] }, (out) => {
    out.int32(0);
    out.int16(0);
    out.bytes(Uint8Array.of(0, 1, 0, 0, 0, 0));
  }),
  byName("Heartbeat", member, (out) => {
    out.int32(0);
    out.int16(0);
  }),
  byName("LeaveGroup", { groupId: "g", memberId: "m", members: [{ memberId: "m" }] }, (out) => {
    out.int32(0);
    out.int16(0);
    list(out, ["m"], (id) => {
      out.string(id);
      out.string(null);
      out.int16(0);
    });
  }),
  byName("CreateTopics", { topics: [{ topic: TOPIC }], validateOnly: false, timeout: 1 }, (out) => {
    out.int32(0);
    list(out, [TOPIC], (topic) => {
      out.string(topic);
      out.int16(36);
      out.string("there is one");
    });
  }),
  byName("DeleteTopics", { topics: [TOPIC], timeout: 1 }, (out) => {
    out.int32(0);
    list(out, [TOPIC], (topic) => {
      out.string(topic);
      out.int16(0);
    });
  }),
  byName("DeleteRecords", { topics, timeout: 1 }, (out) => {
    out.int32(0);
    byPartition(out, (partition) => {
      out.int32(partition);
      out.int64(9);
      out.int16(0);
    });
  }),
  byName("DescribeConfigs", { resources: [{ type: 2, name: TOPIC, configNames: [] }] }, (out) => {
    out.int32(0);
    list(out, [TOPIC], (topic) => {
      out.int16(0);
      out.string(null);
      out.int8(2);
      out.string(topic);
      list(out, ["retention.ms"], (name) => {
        out.string(name);
        out.string("-1");
        for (const value of [0, 5, 0]) out.int8(value);
        list(out, [], () => {});
      });
    });
  }),
  byName("DescribeGroups", { groupIds: ["g"] }, (out) => {
    out.int32(0);
    list(out, ["g"], (group) => {
      out.int16(0);
      for (const text of [group, "Stable", "consumer", "kos"]) out.string(text);
      list(out, ["m"], (id) => {
        for (const text of [id, "client", "/127.0.0.1"]) out.string(text);
        for (let i = 0; i < 2; i++) out.bytes(Uint8Array.of(0, 1));
      });
    });
  }),
  byName("InitProducerId", { transactionalId: null }, (out) => {
    out.int32(0);
    out.int16(0);
    out.int64(7);
    out.int16(0);
  }),
  byName("AddPartitionsToTxn", {
    transactionalId: "x",
    producerId: "7",
    producerEpoch: 0,
    topics: [{ topic: TOPIC, partitions: PARTITIONS }],
  }, (out) => {
    out.int32(0);
    byPartition(out, (partition) => {
      out.int32(partition);
      out.int16(0);
    });
  }),
  byName(
    "EndTxn",
    { transactionalId: "x", producerId: "7", producerEpoch: 0, transactionResult: true },
    (out) => {
      out.int32(0);
      out.int16(0);
    },
  ),
  encoded("Fetch", FETCH_VERSION, decodedFetch, (out) => {
    out.int32(0);
    out.int16(0);
    out.int32(0);
    byPartition(out, (partition) => {
      out.int32(partition);
      out.int16(0);
      for (const offset of [9, 9, 0]) out.int64(offset);
      list(out, [7], (producer) => {
        out.int64(producer);
        out.int64(1);
      });
      out.int32(-1);
      out.bytes(new Uint8Array(8));
    });
  }),
  encoded("Produce", PRODUCE_VERSION, decodeProduce, (out) => {
    byPartition(out, (partition) => {
      out.int32(partition);
      out.int16(0);
      for (const number of [9, -1, 0]) out.int64(number);
    });
    out.int32(0);
  }),
  encoded("OffsetFetch", OFFSET_FETCH_VERSION, (bytes) => checkedOffsetFetch(bytes, asked), (out) => {
    out.noTags();
    out.int32(0);
    compactByPartition(out, (partition) => {
      out.int32(partition);
      out.int64(9);
      out.int32(-1);
      out.compactString("metadata");
      out.int16(0);
    });
    out.int16(0);
    out.noTags();
  }),
  encoded("TxnOffsetCommit", TRANSACTIONS_VERSION, (bytes) => decodeTxnOffsetCommit(bytes, asked), (out) => {
    out.noTags();
    out.int32(0);
    compactByPartition(out, (partition) => {
      out.int32(partition);
      out.int16(0);
    });
    out.noTags();
  }),
  encoded("InitProducerId", TRANSACTIONS_VERSION, decodeInitProducerId, (out) => {
    out.noTags();
    out.int32(0);
    out.int16(0);
    out.int64(7);
    out.int16(0);
    out.noTags();
  }),
  encoded("ListGroups", LIST_GROUPS_VERSION, decodeListGroups, (out) => {
    out.noTags();
    out.int32(0);
    out.int16(0);
    out.compactArray(["g"], (group) => {
      for (const text of [group, "consumer", "Stable", "classic"]) out.compactString(text);
      out.noTags();
    });
    out.noTags();
  }),
  encoded("Metadata", METADATA_VERSION, decodeTopicIds, (out) => {
    out.noTags();
    out.int32(0);
    out.compactArray([1], (node) => {
      out.int32(node);
      out.compactString("127.0.0.1");
      out.int32(9092);
      out.compactString(null);
      out.noTags();
    });
    out.compactString("cluster");
    out.int32(1);
    out.compactArray([TOPIC], (topic) => {
      out.int16(0);
      out.compactString(topic);
      for (let word = 1; word <= 4; word++) out.int32(word);
      out.int8(0);
      out.compactArray(PARTITIONS, (partition) => {
        out.int16(0);
        for (const number of [partition, 1, 0]) out.int32(number);
        for (let i = 0; i < 3; i++) out.compactArray([1], (node) => out.int32(node));
        out.noTags();
      });
      out.int32(0);
      out.noTags();
    });
    out.noTags();
  }),
];

function byName(api: ApiName, body: unknown, write: (out: ByteWriter) => void): AnswerCase {
  return { name: api, read: (answer) => exchanged(api, body, answer), answer: written(write) };
}

/** The answer of a connection that has been asked; kafkajs's own errors are a broker's. */
async function exchanged(api: ApiName, body: unknown, answer: Uint8Array): Promise<unknown> {
  const connection = {
    send: () => Promise.resolve(Buffer.from(answer)),
    unreadable: (_name: string, error: unknown) => new ConnectionLost(messageOf(error), { cause: error }),
  };
  const version = knownVersions(api).at(-1)!;
  try {
    return await exchange(connection as unknown as Connection, exchangeOf(api, version, body), {
      check: (decoded) => checkAnswer(api, body, decoded),
    });
  } catch (error) {
    const refused = protocolErrorOf(error);
    if (refused === undefined) throw error;
    throw new KafkaError(refused.name, refused.message, refused.retriable, { cause: error });
  }
}

function encoded(
  name: string,
  version: number,
  read: (answer: Uint8Array) => unknown,
  write: (out: ByteWriter) => void,
): AnswerCase {
  return { name: `${name} ${version}`, read, answer: written(write) };
}

function decodedFetch(bytes: Uint8Array): unknown {
  return checkedFetch(
    bytes,
    new Map(asked.map(({ topic, partition }) => [`${topic}-${partition}`, true])),
    false,
  );
}

function written(write: (out: ByteWriter) => void): Uint8Array {
  const out = new ByteWriter();
  write(out);
  return out.done();
}

function list<T>(out: ByteWriter, items: readonly T[], write: (item: T) => void): void {
  out.int32(items.length);
  for (const item of items) write(item);
}

function byPartition(out: ByteWriter, write: (partition: number) => void): void {
  list(out, [TOPIC], (topic) => {
    out.string(topic);
    list(out, PARTITIONS, write);
  });
}

function compactByPartition(out: ByteWriter, write: (partition: number) => void): void {
  out.compactArray([TOPIC], (topic) => {
    out.compactString(topic);
    out.compactArray(PARTITIONS, (partition) => {
      write(partition);
      out.noTags();
    });
    out.noTags();
  });
}
