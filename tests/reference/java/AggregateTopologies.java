import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.state.KeyValueStore;

/** Aggregates by key without windows. */
final class AggregateTopologies {
    private AggregateTopologies() {}

    static <V> Materialized<String, V, KeyValueStore<Bytes, byte[]>> kept(final org.apache.kafka.common.serialization.Serde<V> value) {
        return Materialized.<String, V, KeyValueStore<Bytes, byte[]>>with(Serdes.String(), value);
    }

    private static KGroupedStream<String, String> grouped(final Topologies.Plan plan) {
        return plan.stream("in").groupByKey(Grouped.with(Serdes.String(), Serdes.String()));
    }

    static void addTo(final Map<String, Consumer<Topologies.Plan>> all) {
        all.put("count", plan -> plan.to(grouped(plan).count(kept(Serdes.Long())).toStream(), "out"));

        all.put("count-bare", plan -> plan.to(grouped(plan).count().toStream(), "out"));

        all.put("count-named", plan ->
            plan.to(grouped(plan).count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("counts")
                .withKeySerde(Serdes.String()).withValueSerde(Serdes.Long())).toStream(), "out", Serdes.String(), Serdes.Long()));

        all.put("reduce", plan ->
            plan.to(grouped(plan).reduce(
                (aggregate, value) -> value.startsWith("c") ? null : aggregate + "," + value, kept(Serdes.String())).toStream(), "out"));

        all.put("aggregate", plan ->
            plan.to(grouped(plan).aggregate(
                () -> "", (key, value, aggregate) -> value.startsWith("c") ? null : aggregate + key + value, kept(Serdes.String()))
                .toStream(), "out"));

        all.put("aggregates", plan -> {
            final var grouped = grouped(plan);
            plan.to(grouped.count(kept(Serdes.Long())).toStream(), "counts");
            plan.to(grouped.reduce((aggregate, value) -> value, kept(Serdes.String())).toStream().mapValues(value -> value + "!"), "latest");
        });
    }
}
