import { assertEquals } from "@std/assert";
import type { Fleet, InstanceLook } from "../../src/demo/fleet.ts";
import type { GroupPositions } from "../../src/demo/group_positions.ts";
import { Observer } from "../../src/demo/observer.ts";

const ARRIVAL = 300;

/** An observer of what a test says of instances and log. */
function observe() {
  const seen = { looks: [] as InstanceLook[], lag: [0, 0], processed: 0 };
  const fleet = {
    running: 1,
    rebalances: 0,
    look: () => Promise.resolve(seen.looks),
  } as unknown as Fleet;
  const positions = {
    look: () =>
      Promise.resolve({
        partitions: seen.lag.map((lag, partition) => ({
          topic: "in",
          partition,
          lag,
          seconds: 0,
          arrival: ARRIVAL,
        })),
        processed: seen.processed,
        lag: seen.lag[0]! + seen.lag[1]!,
        lagSeconds: 0,
      }),
  } as unknown as GroupPositions;
  return { seen, observer: new Observer(fleet, positions, performance.now()) };
}

function look(name: string, lags: readonly (readonly [partition: number, lag: number])[]): InstanceLook {
  const partitions = lags.map(([partition, lag]) => ({ topic: "in", partition, lag }));
  const view = { processed: 0, busySeconds: 0, capacity: 1000, rebalances: 0, partitions };
  return { name, ready: true, leaving: false, view, out: 0, busy: 0 };
}

const counts = () => ({ sent: 0, sessions: 0 });
const loads = async ({ observer }: ReturnType<typeof observe>) =>
  (await observer.look(counts)).instances.map(({ load }) => load);

Deno.test("a load is what comes and what is left, of what can be done", async () => {
  const all = observe();
  all.seen.looks = [look("a", [[0, 0], [1, 4_000]])];
  assertEquals(await loads(all), [(2 * ARRIVAL + 400) / 1000]);
});

Deno.test("a load that is not known is not 0, and that of an instance without partitions is", async () => {
  const all = observe();
  const unknown = { ...look("b", []), view: undefined };
  const idle = look("c", []);
  const fresh = look("d", [[0, 1]]);
  const young = { ...fresh, view: { ...fresh.view!, capacity: undefined } };
  all.seen.looks = [look("a", [[0, 0], [1, 0]]), unknown, idle, young];
  assertEquals((await loads(all)).slice(1), [undefined, 0, undefined]);
});

Deno.test("loads are held while a partition moves, when nobody tells of it", async () => {
  const all = observe();
  all.seen.looks = [look("a", [[0, 0], [1, 0]])];
  const before = await loads(all);
  all.seen.looks = [look("a", [[0, 0]]), look("b", [])];
  assertEquals(await loads(all), [before[0], undefined]);
  all.seen.looks = [look("a", [[0, 0]]), look("b", [[1, 0]])];
  assertEquals(await loads(all), [ARRIVAL / 1000, ARRIVAL / 1000]);
});
