import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

/** Aggregates by key and window, and suppressions: null values, results that are removed, generated names, limits. */
final class WindowEdgeTopologies {
    private WindowEdgeTopologies() {}

    private static Duration ms(final long ms) {
        return Duration.ofMillis(ms);
    }

    private static KGroupedStream<String, String> grouped(final Topologies.Plan plan) {
        return plan.stream("in").groupByKey(Grouped.with(Serdes.String(), Serdes.String()));
    }

    private static <V> Materialized<String, V, WindowStore<Bytes, byte[]>> windows(final Serde<V> value) {
        return Materialized.<String, V, WindowStore<Bytes, byte[]>>with(Serdes.String(), value);
    }

    private static <V> Materialized<String, V, SessionStore<Bytes, byte[]>> sessions(final Serde<V> value) {
        return Materialized.<String, V, SessionStore<Bytes, byte[]>>with(Serdes.String(), value);
    }

    private static String gather(final String key, final String value, final String aggregate) {
        return value != null && value.startsWith("c") ? null : aggregate + key + value;
    }

    private static String join(final String aggregate, final String value) {
        return value != null && value.startsWith("d") ? null : aggregate + "," + value;
    }

    private static TimeWindows tumbling() {
        return TimeWindows.ofSizeAndGrace(ms(10), ms(5));
    }

    private static TimeWindows hopping() {
        return TimeWindows.ofSizeAndGrace(ms(20), ms(8)).advanceBy(ms(7));
    }

    private static SlidingWindows sliding() {
        return SlidingWindows.ofTimeDifferenceAndGrace(ms(10), ms(6));
    }

    private static SessionWindows gap() {
        return SessionWindows.ofInactivityGapAndGrace(ms(8), ms(6));
    }

    static void addTo(final Map<String, Consumer<Topologies.Plan>> all) {
        addTimeWindows(all);
        addSlidingWindows(all);
        addSessions(all);
        addSuppressions(all);
        addTables(all);
    }

    private static void addTimeWindows(final Map<String, Consumer<Topologies.Plan>> all) {
        all.put("tumbling-generated-names", plan ->
            plan.to(grouped(plan).windowedBy(tumbling()).count().toStream(), "out",
                WindowedSerdes.timeWindowedSerdeFrom(String.class, 10L), Serdes.Long()));

        all.put("tumbling-removing", plan ->
            plan.to(grouped(plan).windowedBy(TimeWindows.ofSizeWithNoGrace(ms(10)))
                .reduce(WindowEdgeTopologies::join, windows(Serdes.String())).toStream(), "out"));

        all.put("hopping-null-values", plan ->
            plan.to(grouped(plan).windowedBy(hopping())
                .aggregate(() -> "", WindowEdgeTopologies::gather, windows(Serdes.String())).toStream(), "out"));

        all.put("hopping-retention", plan ->
            plan.to(grouped(plan).windowedBy(TimeWindows.ofSizeAndGrace(ms(10), ms(30)).advanceBy(ms(1)))
                .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("counts")
                    .withKeySerde(Serdes.String()).withValueSerde(Serdes.Long()).withRetention(ms(100)))
                .toStream(), "out"));
    }

    private static void addSlidingWindows(final Map<String, Consumer<Topologies.Plan>> all) {
        all.put("sliding-no-grace", plan ->
            plan.to(grouped(plan).windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(ms(5)))
                .count(windows(Serdes.Long())).toStream(), "out"));

        all.put("sliding-removing", plan ->
            plan.to(grouped(plan).windowedBy(sliding())
                .reduce(WindowEdgeTopologies::join, windows(Serdes.String())).toStream(), "out"));
    }

    private static void addSessions(final Map<String, Consumer<Topologies.Plan>> all) {
        all.put("session-generated-names", plan ->
            plan.to(grouped(plan).windowedBy(gap()).count().toStream(), "out",
                WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.Long()));

        all.put("session-removing", plan ->
            plan.to(grouped(plan).windowedBy(gap())
                .reduce(WindowEdgeTopologies::join, sessions(Serdes.String())).toStream(), "out"));

        all.put("session-null-values", plan ->
            plan.to(grouped(plan).windowedBy(gap())
                .aggregate(() -> "", WindowEdgeTopologies::gather, (key, one, two) -> one + "|" + two, sessions(Serdes.String()))
                .toStream(), "out"));

        all.put("session-no-grace", plan ->
            plan.to(grouped(plan).windowedBy(SessionWindows.ofInactivityGapWithNoGrace(ms(5)))
                .count(sessions(Serdes.Long())).toStream(), "out"));
    }

    private static void addSuppressions(final Map<String, Consumer<Topologies.Plan>> all) {
        all.put("suppress-named", plan ->
            plan.to(grouped(plan).windowedBy(hopping())
                .aggregate(() -> "", WindowEdgeTopologies::gather, windows(Serdes.String()))
                .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()).withName("final")).toStream(), "out"));

        all.put("suppress-records", plan ->
            plan.to(grouped(plan).reduce(
                (aggregate, value) -> value.startsWith("c") ? null : aggregate + "," + value,
                AggregateTopologies.kept(Serdes.String()))
                .suppress(Suppressed.untilTimeLimit(ms(20), BufferConfig.maxRecords(2))).toStream(), "out"));

        all.put("suppress-bytes", plan ->
            plan.to(grouped(plan).windowedBy(hopping()).reduce(WindowEdgeTopologies::join, windows(Serdes.String()))
                .suppress(Suppressed.untilTimeLimit(ms(20), BufferConfig.maxBytes(400))).toStream(), "out"));

        all.put("suppress-window-time", plan ->
            plan.to(grouped(plan).windowedBy(tumbling()).count(windows(Serdes.Long()))
                .suppress(Suppressed.untilTimeLimit(ms(0), BufferConfig.unbounded())).toStream(), "out"));

        all.put("suppress-or-fail", plan ->
            plan.to(grouped(plan).windowedBy(tumbling()).count(windows(Serdes.Long()))
                .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded().withMaxRecords(4))).toStream(), "out"));
    }

    private static KGroupedStream<String, String> grouped(final Topologies.Plan plan, final String topic) {
        return plan.stream(topic).groupByKey(Grouped.with(Serdes.String(), Serdes.String()));
    }

    private static void addTables(final Map<String, Consumer<Topologies.Plan>> all) {
        all.put("suppress-filtered", plan ->
            plan.to(grouped(plan).windowedBy(tumbling()).count(windows(Serdes.Long())).filter((key, count) -> count % 2 == 1)
                .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded())).toStream(), "out"));

        all.put("suppress-source", plan ->
            plan.to(plan.builder.table("in", Consumed.with(Serdes.String(), Serdes.String()))
                .suppress(Suppressed.untilTimeLimit(ms(10), BufferConfig.maxRecords(3))).toStream(), "out"));

        all.put("suppress-joined", plan -> {
            final var left = grouped(plan, "left").reduce(
                (aggregate, value) -> value.startsWith("c") ? null : aggregate + "," + value,
                AggregateTopologies.kept(Serdes.String()))
                .suppress(Suppressed.untilTimeLimit(ms(10), BufferConfig.maxRecords(3)));
            final var right = plan.builder.table("right", Consumed.with(Serdes.String(), Serdes.String()));
            plan.to(left.outerJoin(right, (one, other) -> one + "+" + other).toStream(), "out");
        });

        all.put("windowed-joined", plan -> {
            final var left = grouped(plan, "left").windowedBy(hopping())
                .reduce(WindowEdgeTopologies::join, windows(Serdes.String()));
            final var right = grouped(plan, "right").windowedBy(tumbling()).count(windows(Serdes.Long()));
            plan.to(right.leftJoin(left, (count, gathered) -> gathered + "+" + count).toStream(), "out");
        });

        all.put("sessions-joined", plan -> {
            final var left = grouped(plan, "left").windowedBy(gap())
                .reduce(WindowEdgeTopologies::join, sessions(Serdes.String()));
            final var right = grouped(plan, "right").windowedBy(gap())
                .reduce(WindowEdgeTopologies::join, sessions(Serdes.String()));
            plan.to(left.outerJoin(right, (one, other) -> one + "+" + other).toStream(), "out");
        });
    }
}
