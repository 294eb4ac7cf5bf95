import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.kstream.Suppressed;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;

/** Results that are held back. */
final class SuppressTopologies {
    private SuppressTopologies() {}

    static void addTo(final Map<String, Consumer<Topologies.Plan>> all) {
        final var closed = Suppressed.untilWindowCloses(BufferConfig.unbounded());

        all.put("suppress-tumbling", plan ->
            plan.to(WindowTopologies.grouped(plan).windowedBy(WindowTopologies.tumbling(10, 15))
                .count(WindowTopologies.kept(Serdes.Long())).suppress(closed).toStream(), "out"));

        all.put("suppress-hopping", plan ->
            plan.to(WindowTopologies.grouped(plan).windowedBy(WindowTopologies.tumbling(10, 0).advanceBy(Duration.ofMillis(4)))
                .reduce((aggregate, value) -> aggregate + value, WindowTopologies.kept(Serdes.String())).suppress(closed).toStream(), "out"));

        all.put("suppress-sliding", plan ->
            plan.to(WindowTopologies.grouped(plan).windowedBy(WindowTopologies.sliding(10, 5))
                .count(WindowTopologies.kept(Serdes.Long())).suppress(closed).toStream(), "out"));

        all.put("suppress-session", plan ->
            plan.to(WindowTopologies.grouped(plan).windowedBy(WindowTopologies.sessions(10, 15))
                .count(WindowTopologies.session(Serdes.Long())).suppress(closed).toStream(), "out"));

        all.put("suppress-time-limit", plan ->
            plan.to(WindowTopologies.grouped(plan).count(AggregateTopologies.kept(Serdes.Long()))
                .suppress(Suppressed.untilTimeLimit(Duration.ofMillis(20), BufferConfig.maxRecords(1000))).toStream(), "out"));

        all.put("suppress-full", plan ->
            plan.to(WindowTopologies.grouped(plan).count(AggregateTopologies.kept(Serdes.Long()))
                .suppress(Suppressed.untilTimeLimit(Duration.ofMillis(20), BufferConfig.maxRecords(2))).toStream(), "out"));
    }
}
