import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.StreamJoined;

/** Joins of two streams within a window. */
final class JoinTopologies {
    private JoinTopologies() {}

    static JoinWindows within(final long ms, final long graceMs) {
        return JoinWindows.ofTimeDifferenceAndGrace(Duration.ofMillis(ms), Duration.ofMillis(graceMs));
    }

    static StreamJoined<String, String, String> text() {
        return StreamJoined.with(Serdes.String(), Serdes.String(), Serdes.String());
    }

    static String both(final String key, final String left, final String right) {
        return key + ":" + left + "+" + right;
    }

    static void addTo(final Map<String, Consumer<Topologies.Plan>> all) {
        all.put("join", plan ->
            plan.to(plan.stream("left").join(plan.stream("right"), JoinTopologies::both, within(10, 15), text()), "out"));

        all.put("join-no-grace", plan ->
            plan.to(plan.stream("left").join(
                plan.stream("right"), JoinTopologies::both, JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofMillis(10)), text()), "out"));

        all.put("join-asymmetric", plan ->
            plan.to(plan.stream("left").join(
                plan.stream("right"), JoinTopologies::both,
                within(0, 5).before(Duration.ofMillis(3)).after(Duration.ofMillis(20)), text()), "out"));

        all.put("join-after-only", plan ->
            plan.to(plan.stream("left").join(
                plan.stream("right"), JoinTopologies::both,
                within(10, 5).before(Duration.ofMillis(-4)), text()), "out"));

        all.put("join-self", plan -> {
            final var stream = plan.stream("in");
            plan.to(stream.join(stream, JoinTopologies::both, within(5, 5), text()), "out");
        });

        all.put("join-then-aggregate", plan -> {
            final var left = plan.stream("left");
            final var right = plan.stream("right").filter((key, value) -> value == null || !value.startsWith("e"));
            final var joined = left.join(right, JoinTopologies::both, within(10, 30), text());
            plan.to(joined, "joined");
            plan.to(joined.flatMapValues(value -> Arrays.asList(value.split("\\+")))
                .groupByKey(Grouped.with(Serdes.String(), Serdes.String()))
                .aggregate(() -> "", (key, value, aggregate) -> aggregate + value, AggregateTopologies.kept(Serdes.String()))
                .toStream(), "out");
            plan.to(right, "right-out");
        });
    }
}
