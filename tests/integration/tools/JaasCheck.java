import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.security.JaasContext;

/**
 * Reads values of sasl.jaas.config, one a line in Base64, by the parser that Kafka's clients use, and prints the login module and the
 * options of each, by their names, in Base64 between spaces.
 */
public class JaasCheck {
  public static void main(String[] args) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String config = new String(Base64.getDecoder().decode(line), UTF_8);
      JaasContext context = JaasContext.loadClientContext(Map.of("sasl.jaas.config", new Password(config)));
      var entries = context.configurationEntries();
      if (entries.size() != 1) throw new IllegalStateException(entries.size() + " login modules in one line");
      var entry = entries.get(0);
      // It has to be a class that the clients have.
      Class.forName(entry.getLoginModuleName());
      StringBuilder fields = new StringBuilder(encoded(entry.getLoginModuleName()));
      new TreeMap<>(entry.getOptions())
          .forEach((name, value) -> fields.append(' ').append(encoded(name)).append(' ').append(encoded(value)));
      System.out.println(fields);
    }
  }

  private static String encoded(Object text) {
    return Base64.getEncoder().encodeToString(((String) text).getBytes(UTF_8));
  }
}
