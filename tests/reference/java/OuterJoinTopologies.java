import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.streams.kstream.JoinWindows;

/** Left and outer joins of two streams within a window. */
final class OuterJoinTopologies {
    private OuterJoinTopologies() {}

    private static Consumer<Topologies.Plan> left(final JoinWindows windows) {
        return plan -> plan.to(
            plan.stream("left").leftJoin(plan.stream("right"), JoinTopologies::both, windows, JoinTopologies.text()), "out");
    }

    private static Consumer<Topologies.Plan> outer(final JoinWindows windows) {
        return plan -> plan.to(
            plan.stream("left").outerJoin(plan.stream("right"), JoinTopologies::both, windows, JoinTopologies.text()), "out");
    }

    static void addTo(final Map<String, Consumer<Topologies.Plan>> all) {
        final var asymmetric = JoinTopologies.within(0, 5).before(Duration.ofMillis(3)).after(Duration.ofMillis(20));
        all.put("left-join", left(JoinTopologies.within(10, 15)));
        all.put("left-join-no-grace", left(JoinTopologies.within(10, 0)));
        all.put("left-join-asymmetric", left(asymmetric));
        all.put("outer-join", outer(JoinTopologies.within(10, 15)));
        all.put("outer-join-no-grace", outer(JoinTopologies.within(10, 0)));
        all.put("outer-join-asymmetric", outer(asymmetric));
        all.put("outer-join-memory", outer(JoinTopologies.within(10, 15)));
        all.put("left-join-named", plan -> plan.to(plan.stream("left").leftJoin(plan.stream("right"), JoinTopologies::both,
            JoinTopologies.within(10, 15), JoinTopologies.text().withName("pairs").withStoreName("kept")), "out"));
        all.put("outer-join-named", plan -> plan.to(plan.stream("left").outerJoin(plan.stream("right"), JoinTopologies::both,
            JoinTopologies.within(10, 15), JoinTopologies.text().withName("pairs").withStoreName("kept")), "out"));
        all.put("left-join-repartitioned", plan -> {
            final var left = plan.stream("left").selectKey((key, value) -> KeyTopologies.letter(value));
            plan.to(left.leftJoin(
                plan.stream("right"), JoinTopologies::both, JoinTopologies.within(10, 15), JoinTopologies.text()), "out");
        });
    }
}
