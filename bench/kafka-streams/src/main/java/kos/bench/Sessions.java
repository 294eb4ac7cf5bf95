package kos.bench;

import fr.xebia.ldi.common.schema.FrameBody;
import fr.xebia.ldi.common.schema.FrameHeader;
import fr.xebia.ldi.common.schema.GameSession;
import fr.xebia.ldi.common.schema.Hit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.StreamJoined;

/**
 * The topology of src/streams/sessions_topology.ts on Kafka Streams. Arguments are its settings, each as {@code name=value};
 * those that are left out have Kafka Streams' defaults. {@code grace.ms} is the join's grace; {@code describe} prints the topology.
 */
public final class Sessions {
    private static final Duration JOIN_DIFFERENCE = Duration.ofSeconds(3);

    private Sessions() {}

    public static void main(String[] args) throws InterruptedException {
        Properties settings = new Properties();
        // One broker, on which nothing can be replicated.
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, "1");
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, "100");
        for (String arg : args) {
            int equals = arg.indexOf('=');
            settings.put(equals < 0 ? arg : arg.substring(0, equals), equals < 0 ? "" : arg.substring(equals + 1));
        }
        Duration grace = Duration.ofMillis(Long.parseLong((String) remove(settings, "grace.ms", "30000")));
        Topology topology = topology(grace);
        if (settings.remove("describe") != null) {
            System.out.println(topology.describe());
            return;
        }
        run(topology, settings);
    }

    private static Object remove(Properties settings, String name, String otherwise) {
        Object value = settings.remove(name);
        return value == null ? otherwise : value;
    }

    private static void run(Topology topology, Properties settings) throws InterruptedException {
        KafkaStreams streams = new KafkaStreams(topology, settings);
        CountDownLatch ended = new CountDownLatch(1);
        AtomicBoolean failed = new AtomicBoolean();
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.ERROR) {
                failed.set(true);
                ended.countDown();
            }
        });
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            ended.countDown();
            try {
                main.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        streams.start();
        ended.await();
        streams.close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
            .withTimeout(Duration.ofSeconds(15)));
        if (failed.get()) Runtime.getRuntime().halt(1);
    }

    static Topology topology(Duration grace) {
        Serde<FrameHeader> header = AvroSerde.of(FrameHeader.getClassSchema(), FrameHeader.getDecoder());
        Serde<FrameBody> body = AvroSerde.of(FrameBody.getClassSchema(), FrameBody.getDecoder());
        Serde<Hit> hit = AvroSerde.of(Hit.getClassSchema(), Hit.getDecoder());
        Serde<GameSession> session = AvroSerde.of(GameSession.getClassSchema(), GameSession.getDecoder());
        StreamsBuilder builder = new StreamsBuilder();
        KStream<FrameHeader, FrameBody> requests = builder.stream("GAME-FRAME-RQ", Consumed.with(header, body));
        KStream<FrameHeader, FrameBody> responses = builder.stream("GAME-FRAME-RS", Consumed.with(header, body));
        requests
            .join(
                responses,
                (request, response) -> request,
                JoinWindows.ofTimeDifferenceAndGrace(JOIN_DIFFERENCE, grace),
                StreamJoined.with(header, body, body))
            .flatMapValues(Sessions::decode)
            .groupByKey(Grouped.with(header, hit))
            .aggregate(
                () -> new GameSession(new ArrayList<>()),
                (key, each, soFar) -> {
                    soFar.getHits().add(each);
                    return soFar;
                },
                Materialized.with(header, session))
            .toStream()
            .to("SESSIONS", Produced.with(header, session));
        return builder.build();
    }

    private static List<Hit> decode(FrameBody frame) {
        List<String> texts = frame.getBytes();
        List<Hit> hits = new ArrayList<>(texts.size());
        for (String text : texts) {
            Hit hit = HitDecoder.fromHex(text);
            if (hit != null) hits.add(hit);
        }
        return hits;
    }
}
