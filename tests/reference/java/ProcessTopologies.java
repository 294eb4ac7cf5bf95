import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Processors of the user's own. */
final class ProcessTopologies {
    private ProcessTopologies() {}

    /** Counts by key, and tells all counts in each interval. */
    private static final class Counter implements Processor<String, String, String, String> {
        private final String store;
        private final PunctuationType type;
        private final long intervalMs;
        private ProcessorContext<String, String> context;
        private KeyValueStore<String, String> counts;

        Counter(final String store, final PunctuationType type, final long intervalMs) {
            this.store = store;
            this.type = type;
            this.intervalMs = intervalMs;
        }

        @Override
        public void init(final ProcessorContext<String, String> given) {
            context = given;
            counts = given.getStateStore(store);
            given.schedule(Duration.ofMillis(intervalMs), type, this::tell);
        }

        private void tell(final long timestamp) {
            try (KeyValueIterator<String, String> all = counts.all()) {
                all.forEachRemaining(entry -> context.forward(new Record<>(entry.key, "all " + entry.value, timestamp)));
            }
        }

        @Override
        public void process(final Record<String, String> record) {
            if (record.key() == null) {
                return;
            }
            if (record.value() == null) {
                context.forward(record.withValue("gone " + counts.delete(record.key())));
                return;
            }
            final String before = counts.get(record.key());
            final String count = before == null ? "1" : String.valueOf(Integer.parseInt(before) + 1);
            counts.put(record.key(), count);
            context.forward(record.withValue(record.value() + " " + count + " at " + context.currentStreamTimeMs()
                + "/" + context.currentSystemTimeMs()));
        }
    }

    /** Tells where a record came from; stops its punctuator after three calls. */
    private static final class Teller implements Processor<String, String, String, String> {
        private ProcessorContext<String, String> context;
        private Cancellable punctuator;
        private int calls;

        @Override
        public void init(final ProcessorContext<String, String> given) {
            context = given;
            punctuator = given.schedule(Duration.ofMillis(10), PunctuationType.WALL_CLOCK_TIME, timestamp -> {
                calls++;
                context.forward(new Record<>("call", String.valueOf(calls), timestamp));
                if (calls == 3) {
                    punctuator.cancel();
                }
            });
        }

        @Override
        public void process(final Record<String, String> record) {
            final var metadata = context.recordMetadata().get();
            context.forward(record.withValue(metadata.topic() + "-" + metadata.partition() + "@" + metadata.offset()));
            context.forward(record.withKey("twice").withTimestamp(record.timestamp() + 5));
        }
    }

    private static void counter(final Topologies.Plan plan, final PunctuationType type, final long intervalMs) {
        plan.builder.addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("counts"), Serdes.String(), Serdes.String()));
        plan.to(plan.stream("in").process(() -> new Counter("counts", type, intervalMs), "counts"), "out");
    }

    static void addTo(final Map<String, Consumer<Topologies.Plan>> all) {
        all.put("process-stream-time", plan -> counter(plan, PunctuationType.STREAM_TIME, 25));
        all.put("process-wall-clock", plan -> counter(plan, PunctuationType.WALL_CLOCK_TIME, 30));
        all.put("process-metadata", plan -> plan.to(plan.stream("left").merge(plan.stream("right")).process(Teller::new), "out"));
    }
}
