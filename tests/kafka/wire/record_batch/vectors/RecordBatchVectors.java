// Makes record_batches.json with Kafka's own classes (4.3.1), from the jars that `deno task kafka` caches:
//   java -cp "$HOME/.cache/kos/kafka-4.3.1/*" RecordBatchVectors.java > record_batches.json
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.*;

public class RecordBatchVectors {
  static final long PRODUCER = 4294967301L; // above 32 bits
  static final long TIME = 1700000000000L;
  static String separator = "{\n";

  public static void main(String[] args) {
    SimpleRecord[] small = records(40, 11);
    SimpleRecord[] large = records(60, 400);
    print("none", MemoryRecords.withRecords(100L, Compression.NONE, small));
    print("gzip", MemoryRecords.withRecords(100L, Compression.gzip().build(), small));
    print("snappy", MemoryRecords.withRecords(100L, Compression.snappy().build(), small));
    print("lz4", MemoryRecords.withRecords(100L, Compression.lz4().build(), small));
    print("zstd", MemoryRecords.withRecords(100L, Compression.zstd().build(), small));
    // Larger than a chunk of snappy-java's stream (32 KiB) and a block of an LZ4 frame (64 KiB).
    print("gzipLarge", MemoryRecords.withRecords(100L, Compression.gzip().build(), large));
    print("snappyLarge", MemoryRecords.withRecords(100L, Compression.snappy().build(), large));
    print("lz4Large", MemoryRecords.withRecords(100L, Compression.lz4().build(), large));
    print("zstdLarge", MemoryRecords.withRecords(100L, Compression.zstd().build(), large));
    print("transactional", MemoryRecords.withTransactionalRecords(5L, Compression.NONE, PRODUCER, (short) 3, 77, 9,
        new SimpleRecord(TIME, bytes("k"), bytes("v")), new SimpleRecord(TIME - 5000, null, bytes("w"))));
    print("abort", MemoryRecords.withEndTransactionMarker(7L, TIME, 9, PRODUCER, (short) 3,
        new EndTransactionMarker(ControlRecordType.ABORT, 1)));
    print("commit", MemoryRecords.withEndTransactionMarker(7L, TIME, 9, PRODUCER, (short) 3,
        new EndTransactionMarker(ControlRecordType.COMMIT, 1)));
    print("magic1", MemoryRecords.withRecords((byte) 1, 0L, Compression.NONE, TimestampType.CREATE_TIME,
        new SimpleRecord(TIME, bytes("k"), bytes("v"))));
    System.out.println("\n}");
  }

  static SimpleRecord[] records(int count, int repeats) {
    SimpleRecord[] records = new SimpleRecord[count];
    for (int i = 0; i < count; i++) {
      Header[] headers = i % 13 == 12
          ? new Header[] {new RecordHeader("h", bytes("ü" + i)), new RecordHeader("n", null)} : new Header[0];
      records[i] = new SimpleRecord(TIME + i * 7 - (i % 3) * 20, i % 5 == 4 ? null : bytes("key-" + i),
          i % 7 == 6 ? null : bytes(("value-" + i + "-").repeat(i % repeats)), headers);
    }
    return records;
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static void print(String name, MemoryRecords records) {
    ByteBuffer buffer = records.buffer().duplicate();
    byte[] all = new byte[buffer.remaining()];
    buffer.get(all);
    System.out.print(separator + "  \"" + name + "\": \"" + Base64.getEncoder().encodeToString(all) + "\"");
    separator = ",\n";
  }
}
