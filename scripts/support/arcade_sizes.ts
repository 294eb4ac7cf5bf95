import { bindFrameSerdes, SerdeFrameEncoder } from "../../src/datagen/frame_encoder.ts";
import { FrameGenerator } from "../../src/game/frame_generator.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC } from "../../src/game/topics.ts";
import { arcadeSerdes } from "../../src/streams/sessions_topology.ts";
import { EncodeBuffer } from "../../src/serde/mod.ts";
import { hitFromHex } from "../../src/game/hit_codec.ts";

/** What records of the arcade take, in bytes. */
export interface ArcadeSizes {
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** Of a session with the hits of so many frames. */
  sessionBytes(frames: number): number;
}

/** Frames that are drawn to know the mean. */
const SAMPLE = 2_000;

/** The mean sizes of what the generator writes, encoded as the programs do without a registry. */
export async function arcadeSizes(): Promise<ArcadeSizes> {
  const generator = new FrameGenerator({ seed: 1 });
  const { body, session } = arcadeSerdes(undefined);
  const serdes = await bindFrameSerdes(arcadeSerdes(undefined), {
    requests: REQUESTS_TOPIC,
    responses: RESPONSES_TOPIC,
  });
  const encoder = new SerdeFrameEncoder(generator, serdes);
  const buffer = new EncodeBuffer();
  const empty = buffer.encode(session, { hits: [] }, 0);
  let [keys, values, hits] = [0, 0, 0];
  for (let i = 0; i < SAMPLE; i++) {
    generator.draw();
    encoder.request(1_700_000_000_000 + i);
    keys += encoder.keyEnd;
    values += encoder.valueEnd;
    const { bytes } = body.decode(encoder.value, 0, encoder.valueEnd);
    hits += buffer.encode(session, { hits: bytes.map((hex) => hitFromHex(hex)!) }, 0) - empty;
  }
  return {
    keyBytes: Math.ceil(keys / SAMPLE),
    valueBytes: Math.ceil(values / SAMPLE),
    sessionBytes: (frames) => Math.ceil(empty + frames * hits / SAMPLE),
  };
}
