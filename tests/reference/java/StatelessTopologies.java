import java.util.Arrays;
import java.util.Map;
import java.util.function.Consumer;

/** Steps without state. */
final class StatelessTopologies {
    private StatelessTopologies() {}

    static void addTo(final Map<String, Consumer<Topologies.Plan>> all) {
        all.put("map-values", plan ->
            plan.to(plan.stream("in").mapValues((key, value) -> "b".equals(key) ? null : key + "/" + value), "out"));

        all.put("flat-map-values", plan ->
            plan.to(plan.stream("in").flatMapValues(value -> value == null ? Arrays.asList() : Arrays.asList(value.split(" "))), "out"));

        all.put("filter", plan -> {
            final var stream = plan.stream("in");
            plan.to(stream.filter((key, value) -> value != null && value.startsWith("a")), "kept");
            plan.to(stream.filterNot((key, value) -> value != null && value.startsWith("a")), "others");
        });

        all.put("peek", plan ->
            plan.to(plan.stream("in").peek((key, value) -> plan.seen.action("peek", key, value)).mapValues(value -> value + "!"), "out"));

        all.put("several-sinks", plan -> {
            final var stream = plan.stream("in");
            plan.to(stream, "first");
            final var words = stream.filter((key, value) -> value != null).flatMapValues(value -> Arrays.asList(value.split(" ")));
            plan.to(words, "words");
            plan.to(words.mapValues(String::length), "lengths");
            plan.to(stream, "last");
        });

        all.put("unconnected-parts", plan -> {
            plan.to(plan.stream("left").mapValues(value -> "l:" + value), "left-out");
            plan.to(plan.stream("right").mapValues(value -> "r:" + value), "right-out");
        });
    }
}
