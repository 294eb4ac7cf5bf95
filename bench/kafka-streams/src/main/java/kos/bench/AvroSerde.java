package kos.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/**
 * Avro's single-object encoding by Avro's own message encoders, which keep a buffer and an encoder a thread, and by the readers
 * and writers of the generated classes.
 */
final class AvroSerde {
    private AvroSerde() {}

    static <T> Serde<T> of(BinaryMessageEncoder<T> encoder, BinaryMessageDecoder<T> decoder) {
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
