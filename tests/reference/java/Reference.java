import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

/**
 * Runs topologies of {@link Topologies} through Kafka Streams' TopologyTestDriver, as told by lines on standard input;
 * the fields of a line are separated by tabs and escaped by {@link Fields}:
 *
 * <pre>
 * list                                                 the names of all topologies
 * describe NAME                                        its description
 * run NAME WALLCLOCK STORES                            a new driver, whose clock stands there, with stores in "rocksdb" or "memory",
 *                                                      for the events that follow
 * record TOPIC TIMESTAMP KEY VALUE [HEADER=VALUE ...]  an event: a record comes in
 * advance MS                                           an event: the clock moves on
 * go                                                   the events are complete
 * </pre>
 *
 * Answers, each closed by a line "end": "text LINE" for the first two; for "go", each record that came out, in order:
 * "out EVENT TOPIC TIMESTAMP KEY VALUE [HEADER=VALUE ...]" with the number of the event that caused it, and what a foreach or
 * peek saw as "seen EVENT NAME KEY VALUE"; "error EVENT MESSAGE" when Kafka Streams threw.
 */
final class Reference {
    private static final String APPLICATION_ID = "reference";

    private final PrintStream out;

    private Reference(final PrintStream out) {
        this.out = out;
    }

    public static void main(final String[] args) throws IOException {
        final var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        final var out = new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), false, StandardCharsets.UTF_8);
        new Reference(new PrintStream(new java.io.BufferedOutputStream(out, 1 << 16), false, StandardCharsets.UTF_8)).serve(in);
    }

    private void serve(final BufferedReader in) throws IOException {
        String name = null;
        long wallClock = 0;
        boolean rocksdb = false;
        final List<String[]> events = new ArrayList<>();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            final String[] fields = line.split("\t", -1);
            switch (fields[0]) {
                case "list":
                    Topologies.names().forEach(each -> out.println("text\t" + each));
                    end();
                    break;
                case "describe":
                    for (final String each : build(fields[1], config(false, 0), new Seen()).describe().toString().split("\n")) {
                        out.println("text\t" + each);
                    }
                    end();
                    break;
                case "run":
                    name = fields[1];
                    wallClock = Long.parseLong(fields[2]);
                    rocksdb = fields[3].equals("rocksdb");
                    events.clear();
                    break;
                case "record":
                case "advance":
                    events.add(fields);
                    break;
                case "go":
                    run(name, wallClock, config(rocksdb, wallClock == 0 ? 0 : 1000), events);
                    end();
                    break;
                default:
                    throw new IllegalArgumentException("Cannot read a line: received \"" + line + "\"");
            }
        }
    }

    private void end() {
        out.println("end");
        out.flush();
    }

    private static Properties config(final boolean rocksdb, final long outerJoinIntervalMs) {
        final var config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, APPLICATION_ID);
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:0");
        config.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.NO_OPTIMIZATION);
        // An application takes 1000, the test driver 0: cases whose clock begins at 0 are as the driver is, the others as an application is.
        config.put(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_OUTER_JOIN_SPURIOUS_RESULTS_FIX, outerJoinIntervalMs);
        // Every update goes out.
        config.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        config.put(StreamsConfig.STATE_DIR_CONFIG, System.getProperty("reference.state"));
        if (!rocksdb) {
            config.put(
                StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG,
                org.apache.kafka.streams.state.BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class);
        }
        return config;
    }

    private static Topology build(final String name, final Properties config, final Seen seen) {
        return Topologies.build(name, new org.apache.kafka.streams.TopologyConfig(new StreamsConfig(config)), seen);
    }

    private void run(final String name, final long wallClock, final Properties config, final List<String[]> events) {
        int event = -1;
        final var seen = new Seen();
        try (TopologyTestDriver driver = new TopologyTestDriver(build(name, config, seen), config, Instant.ofEpochMilli(wallClock))) {
            final Map<String, TestInputTopic<byte[], byte[]>> inputs = new HashMap<>();
            final Map<String, TestOutputTopic<byte[], byte[]>> outputs = new HashMap<>();
            for (event = 0; event < events.size(); event++) {
                final String[] fields = events.get(event);
                if (fields[0].equals("advance")) {
                    driver.advanceWallClockTime(Duration.ofMillis(Long.parseLong(fields[1])));
                } else {
                    inputs.computeIfAbsent(
                        fields[1],
                        topic -> driver.createInputTopic(topic, new ByteArraySerializer(), new ByteArraySerializer())
                    ).pipeInput(new TestRecord<>(
                        Fields.bytes(fields[3]),
                        Fields.bytes(fields[4]),
                        headers(fields),
                        Long.parseLong(fields[2])));
                }
                for (final Seen.Item item : seen.take()) {
                    if (item.value == null) {
                        final var record = outputs.computeIfAbsent(
                            item.name,
                            topic -> driver.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
                        ).readRecord();
                        printRecord(event, item.name, record);
                    } else {
                        out.println("seen\t" + event + "\t" + item.name + "\t" + item.key + "\t" + item.value);
                    }
                }
                for (final var output : outputs.entrySet()) {
                    if (!output.getValue().isEmpty()) {
                        throw new IllegalStateException("A record came out unseen: sinks must use Topologies.to, not so " + output.getKey());
                    }
                }
            }
        } catch (final RuntimeException error) {
            final var text = new StringBuilder();
            for (Throwable each = error; each != null; each = each.getCause()) {
                text.append(each).append("; ");
            }
            out.println("error\t" + event + "\t" + Fields.text(text.toString().getBytes(StandardCharsets.UTF_8)));
        }
    }

    private static Headers headers(final String[] fields) {
        final var headers = new RecordHeaders();
        for (int i = 5; i < fields.length; i++) {
            final int split = fields[i].indexOf('=');
            headers.add(fields[i].substring(0, split), Fields.bytes(fields[i].substring(split + 1)));
        }
        return headers;
    }

    private void printRecord(final int event, final String topic, final TestRecord<byte[], byte[]> record) {
        final var line = new StringBuilder("out\t").append(event).append('\t').append(topic).append('\t')
            .append(record.timestamp()).append('\t').append(Fields.text(record.key())).append('\t').append(Fields.text(record.value()));
        for (final Header header : record.headers()) {
            line.append('\t').append(header.key()).append('=').append(Fields.text(header.value()));
        }
        out.println(line);
    }
}
