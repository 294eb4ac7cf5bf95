import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What has happened, in its order: records that went out to a topic, and what actions of a topology were called with. */
final class Seen {
    private List<Item> items = new ArrayList<>();

    /** A record went out; which one, the topic's queue tells. */
    void out(final String topic) {
        items.add(new Item(topic, null, null));
    }

    /** An action was called. */
    void action(final String name, final Object key, final Object value) {
        items.add(new Item(name, field(key), field(value)));
    }

    List<Item> take() {
        final var taken = items;
        items = new ArrayList<>();
        return taken;
    }

    private static String field(final Object value) {
        return Fields.text(value == null ? null : Printed.text(value).getBytes(StandardCharsets.UTF_8));
    }

    static final class Item {
        final String name;
        final String key;
        /** Null for a record that went out. */
        final String value;

        Item(final String name, final String key, final String value) {
            this.name = name;
            this.key = key;
            this.value = value;
        }
    }
}
