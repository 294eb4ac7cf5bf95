package kos.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.avro.Schema;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.specific.SpecificData;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/**
 * Avro's single-object encoding by Avro's own message encoders and decoders, which keep a buffer a thread. Values are written by
 * the code in the generated classes, which is faster than the default, and read by Avro's fast reader, which is the default and
 * faster than that code.
 */
final class AvroSerde {
    private AvroSerde() {}

    static <T> Serde<T> of(Schema schema, BinaryMessageDecoder<T> decoder) {
        SpecificData generated = new SpecificData();
        generated.setCustomCoders(true);
        BinaryMessageEncoder<T> encoder = new BinaryMessageEncoder<>(generated, schema);
        return Serdes.serdeFrom(
            (topic, value) -> {
                if (value == null) return null;
                try {
                    ByteBuffer encoded = encoder.encode(value);
                    // An array of its own and exactly as long: the encoder has copied it already.
                    return encoded.array();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            },
            (topic, bytes) -> {
                if (bytes == null) return null;
                try {
                    return decoder.decode(bytes, null);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
    }
}
