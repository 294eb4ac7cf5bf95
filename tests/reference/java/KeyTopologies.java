import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Repartitioned;

/** Steps that change keys, and what has to be repartitioned after them. */
final class KeyTopologies {
    private KeyTopologies() {}

    /** The first letter: a key that several values share; null for what has none. */
    static String letter(final String value) {
        return value == null || value.isEmpty() ? null : value.substring(0, 1);
    }

    private static List<KeyValue<String, String>> words(final String key, final String value) {
        return value == null
            ? Arrays.asList()
            : Arrays.stream(value.split(" ")).map(word -> KeyValue.pair(letter(word), key + "/" + word)).collect(Collectors.toList());
    }

    private static Grouped<String, String> text() {
        return Grouped.with(Serdes.String(), Serdes.String());
    }

    static void addTo(final Map<String, Consumer<Topologies.Plan>> all) {
        all.put("map", plan -> plan.to(plan.stream("in").map((key, value) -> KeyValue.pair(letter(value), key)), "out"));

        all.put("flat-map", plan -> plan.to(plan.stream("in").flatMap(KeyTopologies::words), "out"));

        all.put("select-key", plan -> plan.to(plan.stream("in").selectKey((key, value) -> letter(value)), "out"));

        all.put("foreach", plan -> {
            final var stream = plan.stream("in");
            stream.filter((key, value) -> value != null).foreach((key, value) -> plan.seen.action("foreach", key, value));
            plan.to(stream, "out");
        });

        all.put("merge", plan ->
            plan.to(plan.stream("left").mapValues(value -> "l" + value).merge(plan.stream("right")).filter((key, value) -> key != null), "out"));

        all.put("merge-own", plan -> {
            final var stream = plan.stream("in");
            plan.to(stream.merge(stream.mapValues(value -> value + "!")), "out");
        });

        all.put("repartition", plan ->
            plan.to(plan.stream("in").selectKey((key, value) -> letter(value))
                .repartition(Repartitioned.with(Serdes.String(), Serdes.String())).mapValues(value -> value + "!"), "out"));

        all.put("repartition-named", plan ->
            plan.to(plan.stream("in").repartition(
                Repartitioned.<String, String>as("again").withKeySerde(Serdes.String()).withValueSerde(Serdes.String())
                    .withNumberOfPartitions(1)), "out"));

        all.put("group-by", plan ->
            plan.to(plan.stream("in").groupBy((key, value) -> letter(value), text())
                .count(AggregateTopologies.kept(Serdes.Long())).toStream(), "out"));

        all.put("group-by-named", plan ->
            plan.to(plan.stream("in").groupBy((key, value) -> letter(value), Grouped.with("letters", Serdes.String(), Serdes.String()))
                .reduce((aggregate, value) -> aggregate + value, AggregateTopologies.kept(Serdes.String())).toStream(), "out"));

        all.put("group-by-named-windows", plan ->
            plan.to(plan.stream("in").groupBy((key, value) -> letter(value), Grouped.with("letters", Serdes.String(), Serdes.String()))
                .windowedBy(WindowTopologies.tumbling(10, 15)).count(WindowTopologies.kept(Serdes.Long())).toStream(), "out"));

        all.put("group-by-twice", plan -> {
            final var grouped = plan.stream("in").groupBy((key, value) -> letter(value), Grouped.with("letters", Serdes.String(), Serdes.String()));
            plan.to(grouped.count(AggregateTopologies.kept(Serdes.Long())).toStream(), "counts");
            plan.to(grouped.reduce((aggregate, value) -> aggregate + value, AggregateTopologies.kept(Serdes.String())).toStream(), "texts");
        });

        all.put("select-key-count", plan ->
            plan.to(plan.stream("in").selectKey((key, value) -> letter(value)).mapValues(value -> value + "!").groupByKey(text())
                .count(AggregateTopologies.kept(Serdes.Long())).toStream(), "out"));

        all.put("flat-map-count", plan ->
            plan.to(plan.stream("in").flatMap(KeyTopologies::words).groupByKey(text())
                .aggregate(() -> "", (key, value, aggregate) -> aggregate + value, AggregateTopologies.kept(Serdes.String()))
                .toStream(), "out"));

        all.put("select-key-join", plan -> {
            final var left = plan.stream("left").selectKey((key, value) -> letter(value));
            plan.to(left.join(
                plan.stream("right"), JoinTopologies::both, JoinTopologies.within(10, 15), JoinTopologies.text()), "out");
        });

        all.put("select-key-join-both", plan -> {
            final var left = plan.stream("left").selectKey((key, value) -> letter(value));
            final var right = plan.stream("right").map((key, value) -> KeyValue.pair(letter(value), key + value));
            plan.to(left.join(right, JoinTopologies::both, JoinTopologies.within(10, 15), JoinTopologies.text()), "out");
        });

        all.put("select-key-join-named", plan -> {
            final var left = plan.stream("left").selectKey((key, value) -> letter(value));
            final var right = plan.stream("right").map((key, value) -> KeyValue.pair(letter(value), key + value));
            final var named = JoinTopologies.text().withName("pairs").withStoreName("kept");
            plan.to(left.join(right, JoinTopologies::both, JoinTopologies.within(10, 15), named), "out");
        });
    }
}
