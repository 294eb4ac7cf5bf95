/** The serdes of the arcade's messages beside avsc, the library that parses the schemas. */
import { Buffer } from "node:buffer";
import avsc from "avsc";
import { SINGLE_OBJECT_HEADER_BYTES } from "../../src/serde/avro/single_object.ts";
import { bench, Sink } from "./measure.ts";
import { COUNT as count, encodeAll, messageTypes } from "./inputs.ts";

const items = "messages";
const decoded = new Sink<unknown>();

for (const { name, schema, serde, values } of messageTypes) {
  // wrapUnions: avsc's values of unions are as ours then.
  const type = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: false });
  const encoded = encodeAll(serde, values);
  const { bytes, ends } = encoded;
  const buffer = Buffer.from(bytes.buffer);
  const into = new Uint8Array(bytes.length + 1024);
  const intoBuffer = Buffer.alloc(into.length);

  let group = `decode ${name}`;
  bench({
    group,
    what: `${name}: decode`,
    count,
    items,
    run() {
      let from = 0;
      for (let i = 0; i < count; i++) {
        decoded.take(serde.decode(bytes, from, ends[i]!));
        from = ends[i]!;
      }
    },
  });
  bench({
    group,
    what: `${name}: decode`,
    count,
    items,
    by: "avsc",
    run() {
      for (let i = 0; i < count; i++) {
        const from = (i === 0 ? 0 : ends[i - 1]!) + SINGLE_OBJECT_HEADER_BYTES;
        decoded.take(type.decode(buffer, from).value);
      }
    },
  });

  group = `encode ${name}`;
  bench({
    group,
    what: `${name}: encode`,
    count,
    items,
    run() {
      let at = 0;
      for (let i = 0; i < count; i++) at = serde.encode(values[i], into, at);
    },
  });
  bench({
    group,
    what: `${name}: encode`,
    count,
    items,
    by: "avsc",
    run() {
      let at = 0;
      for (let i = 0; i < count; i++) {
        at = type.encode(values[i], intoBuffer, at + SINGLE_OBJECT_HEADER_BYTES);
      }
    },
  });
}
