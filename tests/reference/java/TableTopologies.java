import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.state.KeyValueStore;

/** Tables: from topics, from streams, from each other. */
final class TableTopologies {
    private TableTopologies() {}

    private static KTable<String, String> table(final Topologies.Plan plan, final String topic) {
        return plan.builder.table(topic, Consumed.with(Serdes.String(), Serdes.String()));
    }

    private static Materialized<String, String, KeyValueStore<Bytes, byte[]>> as(final String name) {
        return Materialized.<String, String, KeyValueStore<Bytes, byte[]>>as(name)
            .withKeySerde(Serdes.String()).withValueSerde(Serdes.String());
    }

    private static String both(final String left, final String right) {
        return left + "+" + right;
    }

    private static Grouped<String, String> grouped() {
        return Grouped.with(Serdes.String(), Serdes.String());
    }

    private static boolean small(final String key, final String value) {
        return !value.startsWith("a") && !value.startsWith("b");
    }

    static void addTo(final Map<String, Consumer<Topologies.Plan>> all) {
        all.put("table", plan -> plan.to(table(plan, "table").toStream(), "out"));

        all.put("table-materialized", plan ->
            plan.to(plan.builder.table("table", Consumed.with(Serdes.String(), Serdes.String()), as("kept")).toStream(), "out"));

        all.put("table-filter", plan -> {
            final var table = table(plan, "table");
            plan.to(table.filter(TableTopologies::small).toStream(), "kept");
            plan.to(table.filterNot(TableTopologies::small).toStream(), "others");
        });

        all.put("table-filter-materialized", plan ->
            plan.to(table(plan, "table").filter(TableTopologies::small, as("small")).toStream(), "out"));

        all.put("table-map-values", plan ->
            plan.to(table(plan, "table").mapValues((key, value) -> key + "/" + value).toStream(), "out"));

        all.put("table-map-values-materialized", plan ->
            plan.to(table(plan, "table").mapValues((key, value) -> key + "/" + value, as("mapped")).filter(TableTopologies::small)
                .toStream(), "out"));

        all.put("count-filter", plan ->
            plan.to(plan.stream("in").groupByKey(grouped()).count(AggregateTopologies.kept(Serdes.Long()))
                .filter((key, count) -> count % 2 == 0).mapValues(count -> "n" + count).toStream(), "out"));

        all.put("to-table", plan -> plan.to(plan.stream("in").toTable(AggregateTopologies.kept(Serdes.String())).toStream(), "out"));

        all.put("to-table-named", plan -> {
            final var table = plan.stream("in").toTable(as("kept"));
            plan.to(table.mapValues(value -> value + "!").toStream(), "out");
            plan.to(plan.stream("other").join(table, JoinTopologies::both,
                Joined.with(Serdes.String(), Serdes.String(), Serdes.String(), "joined")), "joined-out");
        });

        all.put("to-table-repartitioned", plan ->
            plan.to(plan.stream("in").selectKey((key, value) -> KeyTopologies.letter(value))
                .toTable(AggregateTopologies.kept(Serdes.String())).mapValues(value -> value + "!").toStream(), "out"));

        all.put("stream-table-join", plan ->
            plan.to(plan.stream("in").join(table(plan, "table"), JoinTopologies::both,
                Joined.with(Serdes.String(), Serdes.String(), Serdes.String())), "out"));

        all.put("stream-table-left-join", plan ->
            plan.to(plan.stream("in").leftJoin(table(plan, "table"), JoinTopologies::both,
                Joined.with(Serdes.String(), Serdes.String(), Serdes.String())), "out"));

        all.put("stream-table-join-repartitioned", plan ->
            plan.to(plan.stream("in").selectKey((key, value) -> KeyTopologies.letter(value)).join(
                table(plan, "table"), JoinTopologies::both,
                Joined.with(Serdes.String(), Serdes.String(), Serdes.String())), "out"));

        all.put("stream-table-join-derived", plan ->
            plan.to(plan.stream("in").leftJoin(
                table(plan, "table").filter(TableTopologies::small).mapValues(value -> value + "!"), JoinTopologies::both,
                Joined.with(Serdes.String(), Serdes.String(), Serdes.String())), "out"));

        all.put("table-table-join", plan ->
            plan.to(table(plan, "left").join(table(plan, "right"), TableTopologies::both).toStream(), "out"));

        all.put("table-table-left-join", plan ->
            plan.to(table(plan, "left").leftJoin(table(plan, "right"), TableTopologies::both).toStream(), "out"));

        all.put("table-table-outer-join", plan ->
            plan.to(table(plan, "left").outerJoin(table(plan, "right"), TableTopologies::both).toStream(), "out"));

        all.put("table-table-join-materialized", plan ->
            plan.to(table(plan, "left").join(table(plan, "right"), TableTopologies::both, as("joined"))
                .filter((key, value) -> !value.startsWith("a")).toStream(), "out"));

        all.put("table-table-join-derived", plan ->
            plan.to(table(plan, "left").filter(TableTopologies::small).outerJoin(
                table(plan, "right").mapValues(value -> value + "!"), TableTopologies::both)
                .mapValues(value -> "<" + value + ">").toStream(), "out"));

        all.put("table-group-by-count", plan ->
            plan.to(table(plan, "table").groupBy((key, value) -> KeyValue.pair(KeyTopologies.letter(value), value), grouped())
                .count(AggregateTopologies.kept(Serdes.Long())).toStream(), "out"));

        all.put("table-group-by-named", plan ->
            plan.to(table(plan, "table").groupBy(
                (key, value) -> KeyValue.pair(KeyTopologies.letter(value), value), Grouped.with("letters", Serdes.String(), Serdes.String()))
                .count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("counts")
                    .withKeySerde(Serdes.String()).withValueSerde(Serdes.Long())).toStream(), "out"));

        all.put("table-group-by-reduce", plan ->
            plan.to(table(plan, "table").groupBy((key, value) -> KeyValue.pair(KeyTopologies.letter(value), value), grouped())
                .reduce((aggregate, value) -> aggregate + "+" + value, (aggregate, value) -> aggregate + "-" + value,
                    AggregateTopologies.kept(Serdes.String())).toStream(), "out"));

        all.put("table-group-by-aggregate", plan ->
            plan.to(table(plan, "table").groupBy((key, value) -> KeyValue.pair(KeyTopologies.letter(value), key + value), grouped())
                .aggregate(() -> "", (key, value, aggregate) -> aggregate + "+" + value, (key, value, aggregate) -> aggregate + "-" + value,
                    AggregateTopologies.kept(Serdes.String())).toStream(), "out"));
    }
}
