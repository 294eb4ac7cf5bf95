import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.SlidingWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

/** Aggregates by key and window. */
final class WindowTopologies {
    private WindowTopologies() {}

    static KGroupedStream<String, String> grouped(final Topologies.Plan plan) {
        return plan.stream("in").groupByKey(Grouped.with(Serdes.String(), Serdes.String()));
    }

    static <V> Materialized<String, V, WindowStore<Bytes, byte[]>> kept(final Serde<V> value) {
        return Materialized.<String, V, WindowStore<Bytes, byte[]>>with(Serdes.String(), value);
    }

    static <V> Materialized<String, V, SessionStore<Bytes, byte[]>> session(final Serde<V> value) {
        return Materialized.<String, V, SessionStore<Bytes, byte[]>>with(Serdes.String(), value);
    }

    static TimeWindows tumbling(final long sizeMs, final long graceMs) {
        return TimeWindows.ofSizeAndGrace(Duration.ofMillis(sizeMs), Duration.ofMillis(graceMs));
    }

    static SlidingWindows sliding(final long differenceMs, final long graceMs) {
        return SlidingWindows.ofTimeDifferenceAndGrace(Duration.ofMillis(differenceMs), Duration.ofMillis(graceMs));
    }

    static SessionWindows sessions(final long gapMs, final long graceMs) {
        return SessionWindows.ofInactivityGapAndGrace(Duration.ofMillis(gapMs), Duration.ofMillis(graceMs));
    }

    private static String appended(final String key, final String value, final String aggregate) {
        return value != null && value.startsWith("c") ? null : aggregate + key + value;
    }

    private static String joined(final String aggregate, final String value) {
        return aggregate + "," + value;
    }

    static void addTo(final Map<String, Consumer<Topologies.Plan>> all) {
        all.put("tumbling-count", plan ->
            plan.to(grouped(plan).windowedBy(tumbling(10, 15)).count(kept(Serdes.Long())).toStream(), "out"));

        all.put("tumbling-no-grace", plan ->
            plan.to(grouped(plan).windowedBy(tumbling(10, 0))
                .reduce(WindowTopologies::joined, kept(Serdes.String())).toStream(), "out"));

        all.put("tumbling-aggregate", plan ->
            plan.to(grouped(plan).windowedBy(tumbling(10, 15))
                .aggregate(() -> "", WindowTopologies::appended, kept(Serdes.String())).toStream(), "out"));

        all.put("tumbling-windowed-keys", plan ->
            plan.to(grouped(plan).windowedBy(tumbling(10, 15)).count(kept(Serdes.Long())).toStream(), "out",
                WindowedSerdes.timeWindowedSerdeFrom(String.class, 10L), Serdes.Long()));

        all.put("hopping-count", plan ->
            plan.to(grouped(plan).windowedBy(tumbling(10, 15).advanceBy(Duration.ofMillis(4)))
                .count(kept(Serdes.Long())).toStream(), "out"));

        all.put("hopping-reduce", plan ->
            plan.to(grouped(plan).windowedBy(tumbling(12, 0).advanceBy(Duration.ofMillis(3)))
                .reduce(WindowTopologies::joined, kept(Serdes.String())).toStream(), "out"));

        all.put("hopping-aggregate", plan ->
            plan.to(grouped(plan).windowedBy(tumbling(10, 5).advanceBy(Duration.ofMillis(5)))
                .aggregate(() -> "", WindowTopologies::appended, kept(Serdes.String())).toStream(), "out"));

        all.put("sliding-count", plan ->
            plan.to(grouped(plan).windowedBy(sliding(10, 15)).count(kept(Serdes.Long())).toStream(), "out"));

        all.put("sliding-reduce", plan ->
            plan.to(grouped(plan).windowedBy(sliding(7, 0))
                .reduce(WindowTopologies::joined, kept(Serdes.String())).toStream(), "out"));

        all.put("sliding-aggregate", plan ->
            plan.to(grouped(plan).windowedBy(sliding(10, 30))
                .aggregate(() -> "", WindowTopologies::appended, kept(Serdes.String())).toStream(), "out"));

        all.put("session-count", plan ->
            plan.to(grouped(plan).windowedBy(sessions(10, 15)).count(session(Serdes.Long())).toStream(), "out"));

        all.put("session-reduce", plan ->
            plan.to(grouped(plan).windowedBy(sessions(5, 0))
                .reduce(WindowTopologies::joined, session(Serdes.String())).toStream(), "out"));

        all.put("session-aggregate", plan ->
            plan.to(grouped(plan).windowedBy(sessions(10, 30))
                .aggregate(() -> "", WindowTopologies::appended, (key, one, two) -> one + "|" + two, session(Serdes.String()))
                .toStream(), "out"));

        all.put("session-windowed-keys", plan ->
            plan.to(grouped(plan).windowedBy(sessions(10, 15)).count(session(Serdes.Long())).toStream(), "out",
                WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.Long()));
    }
}
