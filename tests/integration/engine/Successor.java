import java.time.Duration;
import java.util.Arrays;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.JoinWindows;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.StreamJoined;

/** An application of Kafka Streams with a count behind a repartition and a stream join: bootstrap servers, what names begin with, state folder. Ends when its input does. */
class Successor {
  public static void main(String[] args) throws Exception {
    String name = args[1];
    var text = Serdes.String();
    var builder = new StreamsBuilder();
    builder.stream(name + "-lines", Consumed.with(text, text))
        .flatMapValues(line -> Arrays.asList(line.split(" ")))
        .groupBy((key, word) -> word, Grouped.with(text, text))
        .count()
        .toStream()
        .mapValues(count -> count.toString())
        .to(name + "-out", Produced.with(text, text));
    KStream<String, String> left = builder.stream(name + "-left", Consumed.with(text, text));
    KStream<String, String> right = builder.stream(name + "-right", Consumed.with(text, text));
    left.join(right, (one, other) -> one + "+" + other,
            JoinWindows.ofTimeDifferenceWithNoGrace(Duration.ofHours(1)), StreamJoined.with(text, text, text))
        .to(name + "-out", Produced.with(text, text));
    var settings = new Properties();
    settings.put("application.id", name + "-app");
    settings.put("bootstrap.servers", args[0]);
    settings.put("state.dir", args[2]);
    settings.put("commit.interval.ms", "100");
    settings.put("statestore.cache.max.bytes", "0");
    var streams = new KafkaStreams(builder.build(), settings);
    streams.start();
    while (System.in.read() >= 0) {}
    streams.close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP));
    System.exit(0);
  }
}
