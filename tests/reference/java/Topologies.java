import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Produced;

/** The topologies by name; each has its twin of the same name in ../topologies. */
final class Topologies {
    private static final Map<String, Consumer<Plan>> ALL = new LinkedHashMap<>();

    static {
        StatelessTopologies.addTo(ALL);
        AggregateTopologies.addTo(ALL);
        JoinTopologies.addTo(ALL);
        KeyTopologies.addTo(ALL);
        SplitTopologies.addTo(ALL);
        OuterJoinTopologies.addTo(ALL);
        ProcessTopologies.addTo(ALL);
        TableTopologies.addTo(ALL);
        WindowTopologies.addTo(ALL);
        SuppressTopologies.addTo(ALL);
        WindowEdgeTopologies.addTo(ALL);
    }

    private Topologies() {}

    static Collection<String> names() {
        return ALL.keySet();
    }

    static Topology build(final String name, final TopologyConfig config, final Seen seen) {
        final Consumer<Plan> steps = ALL.get(name);
        if (steps == null) {
            throw new IllegalArgumentException("Cannot build a topology: received the name " + name + "; there are " + names());
        }
        final var plan = new Plan(new StreamsBuilder(config), seen);
        steps.accept(plan);
        return plan.builder.build();
    }

    /** What a topology is described with. */
    static final class Plan {
        final StreamsBuilder builder;
        final Seen seen;

        Plan(final StreamsBuilder builder, final Seen seen) {
            this.builder = builder;
            this.seen = seen;
        }

        /** A topic of text. */
        KStream<String, String> stream(final String topic) {
            return builder.stream(topic, Consumed.with(Serdes.String(), Serdes.String()));
        }

        /** Writes a stream of any types to a topic as text. */
        <K, V> void to(final KStream<K, V> stream, final String topic) {
            to(stream, topic, Printed.serde(), Printed.serde());
        }

        /** Writes a stream to a topic, and keeps the order across topics: the value is serialized when the record goes out. */
        <K, V> void to(final KStream<K, V> stream, final String topic, final Serde<K> key, final Serde<V> value) {
            final Serializer<V> serializer = new Serializer<>() {
                @Override
                public byte[] serialize(final String to, final V data) {
                    throw new UnsupportedOperationException("Cannot serialize without headers");
                }

                @Override
                public byte[] serialize(final String to, final Headers headers, final V data) {
                    seen.out(to);
                    return value.serializer().serialize(to, headers, data);
                }
            };
            stream.to(topic, Produced.with(key, Serdes.serdeFrom(serializer, value.deserializer())));
        }
    }
}
