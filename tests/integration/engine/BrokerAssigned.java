import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** A consumer with the group protocol of Kafka 4, in which the broker assigns: bootstrap servers, group, topic. Says when it has partitions, or why it gets none. */
class BrokerAssigned {
  public static void main(String[] args) {
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", args[0], "group.id", args[1], "group.protocol", "consumer");
    try (var consumer =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(List.of(args[2]));
      boolean told = false;
      while (true) {
        try {
          consumer.poll(Duration.ofMillis(100));
        } catch (KafkaException refused) {
          System.out.println("refused " + refused);
          return;
        }
        if (!told && !consumer.assignment().isEmpty()) {
          told = true;
          System.out.println("assigned");
        }
      }
    }
  }
}
