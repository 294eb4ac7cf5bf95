import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;

/** Streams that are split by predicates. */
final class SplitTopologies {
    private SplitTopologies() {}

    private static boolean startsWith(final String value, final String start) {
        return value != null && value.startsWith(start);
    }

    /** Writes the branches after all are there: a consumer given to a branch would take numbers of names in between. */
    private static void to(final Topologies.Plan plan, final Map<String, KStream<String, String>> branches, final int branch, final String topic) {
        plan.to(branches.get("KSTREAM-BRANCH-0000000001" + branch), topic);
    }

    static void addTo(final Map<String, Consumer<Topologies.Plan>> all) {
        all.put("split", plan -> {
            final var branches = plan.stream("in").split()
                .branch((key, value) -> startsWith(value, "a"))
                .branch((key, value) -> startsWith(value, "a") || startsWith(value, "b"))
                .noDefaultBranch();
            to(plan, branches, 1, "a-out");
            to(plan, branches, 2, "b-out");
        });

        all.put("split-named", plan -> {
            final var branches = plan.stream("in").split(Named.as("letters-"))
                .branch((key, value) -> startsWith(value, "a"))
                .defaultBranch();
            plan.to(branches.get("letters-1"), "a-out");
            plan.to(branches.get("letters-0"), "other-out");
        });

        all.put("split-default", plan -> {
            final var branches = plan.stream("in").split()
                .branch((key, value) -> startsWith(value, "a"))
                .branch((key, value) -> key == null)
                .defaultBranch();
            to(plan, branches, 1, "a-out");
            to(plan, branches, 2, "keyless-out");
            to(plan, branches, 0, "other-out");
        });
    }
}
