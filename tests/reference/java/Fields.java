import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Bytes as a field of a line: printable ASCII as it is, other bytes and the backslash as \xHH, null as \N. */
final class Fields {
    private Fields() {}

    static String text(final byte[] bytes) {
        if (bytes == null) {
            return "\\N";
        }
        final var text = new StringBuilder(bytes.length);
        for (final byte each : bytes) {
            if (each >= 0x20 && each < 0x7f && each != '\\') {
                text.append((char) each);
            } else {
                text.append(String.format("\\x%02x", each & 0xff));
            }
        }
        return text.toString();
    }

    static byte[] bytes(final String text) {
        if (text.equals("\\N")) {
            return null;
        }
        if (text.indexOf('\\') < 0) {
            return text.getBytes(StandardCharsets.US_ASCII);
        }
        final var bytes = new ByteArrayOutputStream(text.length());
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '\\') {
                bytes.write(Integer.parseInt(text.substring(i + 2, i + 4), 16));
                i += 3;
            } else {
                bytes.write(text.charAt(i));
            }
        }
        return bytes.toByteArray();
    }
}
