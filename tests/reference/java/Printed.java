import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.kstream.Windowed;

/** Writes keys and values of any type as text to read: a windowed key as key@start/end. */
final class Printed {
    private Printed() {}

    static String text(final Object value) {
        if (value instanceof Windowed) {
            final var windowed = (Windowed<?>) value;
            return text(windowed.key()) + "@" + windowed.window().start() + "/" + windowed.window().end();
        }
        return String.valueOf(value);
    }

    /** A serde that only writes. */
    static <T> Serde<T> serde() {
        return Serdes.serdeFrom(
            (topic, value) -> value == null ? null : text(value).getBytes(StandardCharsets.UTF_8),
            (topic, bytes) -> {
                throw new UnsupportedOperationException("Cannot read what was written to be printed");
            });
    }
}
