import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Registry } from "prom-client";
import { LagMetrics, type MetricsLevel } from "../../src/metrics/lag_metrics.ts";
import { LoadMetrics, SETTLING_MS } from "../../src/metrics/load_metrics.ts";

/** A partition as the test has it: its end moves by itself. */
interface Partition {
  readonly topic: string;
  readonly partition: number;
  /** Records a second that come. */
  readonly arrival: number;
  /** Records that are left, in place of what the position says. */
  lag: number;
  end: number;
  restoring?: boolean;
  ageMs?: number;
}

/** An instance with its partitions, and a clock. */
class Instance {
  readonly registry = new Registry();
  owned: Partition[] = [];
  complete = true;
  capacity: number | undefined = 1_000;
  processed = 0;
  /** Records of each offset that is passed. */
  recordsPerOffset = 1;
  time = 5_000;
  readonly lag: LagMetrics;
  readonly load: LoadMetrics;

  constructor(level: MetricsLevel = "partition") {
    const { registry } = this;
    const clock = () => this.time;
    this.lag = new LagMetrics({ registry, topics: ["in"], client: "c", clock, level });
    this.load = new LoadMetrics({
      registry,
      lag: this.lag,
      capacity: () => this.capacity,
      processed: () => this.processed,
      clock,
      level,
    });
  }

  own(partition: number, arrival: number, lag = 0, topic = "in"): Partition {
    const owned = { topic, partition, arrival, lag, end: 1_000_000 };
    this.owned.push(owned);
    return owned;
  }

  /** Lets time pass, looking each second. */
  pass(seconds: number): number | undefined {
    for (let s = 0; s < seconds; s++) {
      this.time += 1_000;
      for (const p of this.owned) {
        p.end += p.arrival;
        this.processed += p.arrival * this.recordsPerOffset;
      }
      this.look();
    }
    return this.load.load;
  }

  look(): void {
    this.lag.update(
      this.owned.map((p) => ({
        topic: p.topic,
        partition: p.partition,
        position: p.end - p.lag,
        startOffset: 0,
        endOffset: p.end,
        ageMs: p.ageMs ?? 0,
        restoring: p.restoring ?? false,
      })),
      this.complete,
    );
    this.load.look();
  }

  async series(): Promise<string[]> {
    return (await this.registry.metrics()).split("\n").filter((line) => /^kos_(partition_)?load/.test(line));
  }
}

Deno.test("load metrics: an instance's load is that of its partitions together", async () => {
  const instance = new Instance();
  instance.own(0, 100);
  instance.own(3, 200, 12_000);
  assertEquals(instance.pass(11), 0.5);
  assertEquals(await instance.series(), [
    "kos_load 0.5",
    'kos_partition_load{topic="in",partition="0"} 0.1',
    'kos_partition_load{topic="in",partition="3"} 0.4',
  ]);
});

Deno.test("load metrics: there is none before ten seconds of arrival, nor before the assignment is known", async () => {
  const instance = new Instance();
  instance.complete = false;
  instance.look();
  assertEquals(await instance.series(), []);
  instance.complete = true;
  instance.own(0, 100);
  assertEquals(instance.pass(10), undefined);
  assertEquals(await instance.series(), []);
  assertEquals(instance.pass(1), 0.1);
  instance.complete = false;
  assertEquals(instance.pass(1), undefined);
});

Deno.test("load metrics: one that owns nothing has a load of 0, as has one to which nothing comes", async () => {
  const instance = new Instance();
  instance.capacity = undefined;
  instance.look();
  assertEquals(await instance.series(), ["kos_load 0", 'kos_partition_load{topic="in",partition="-1"} 0']);
  instance.own(0, 0);
  assertEquals(instance.pass(11), 0);
  // It came with a backlog: what this is of all it can do is not known before it has worked.
  instance.owned[0]!.lag = 5;
  assertEquals(instance.pass(1), undefined);
  assertEquals(await instance.series(), []);
});

Deno.test("load metrics: a partition that comes counts as the mean of the others until it is known", () => {
  const instance = new Instance();
  instance.own(0, 100);
  instance.own(1, 300);
  instance.pass(20);
  assertAlmostEquals(instance.load.load!, 0.4);
  const moved = instance.own(2, 260);
  moved.restoring = true;
  for (let s = 0; s < 40; s++) {
    // What has come meanwhile is a backlog, which is no reason to scale as long as it only waits for the restore.
    moved.lag += 260;
    assertAlmostEquals(instance.pass(1)!, 0.6);
  }
  moved.restoring = false;
  moved.lag = 0;
  assertAlmostEquals(instance.pass(1)!, 0.66);
});

Deno.test("load metrics: what leaves is gone at once, and its new owner has it at once: the sum stays", () => {
  const [from, to] = [new Instance(), new Instance()];
  for (const p of [0, 1, 2, 3]) from.own(p, 100);
  for (const p of [4, 5]) to.own(p, 100);
  const sum = () => from.pass(1)! + to.pass(1)!;
  from.pass(20);
  to.pass(20);
  const before = sum();
  to.own(3, 100).restoring = true;
  from.owned.pop();
  for (let s = 0; s < 60; s++) assertAlmostEquals(sum(), before);
});

Deno.test("load metrics: a restore that takes too long is an unknown load, as is a first one", () => {
  const first = new Instance();
  first.own(0, 100).restoring = true;
  assertEquals(first.pass(30), undefined);
  const instance = new Instance();
  instance.own(0, 100);
  instance.pass(20);
  const moved = instance.own(1, 100);
  moved.restoring = true;
  assertAlmostEquals(instance.pass(SETTLING_MS / 1_000)!, 0.2);
  assertEquals(instance.pass(2), undefined);
  moved.restoring = false;
  assertAlmostEquals(instance.pass(1)!, 0.2);
});

Deno.test("load metrics: what the log tells no more is never guessed", async () => {
  const instance = new Instance();
  instance.own(0, 100);
  const silent = instance.own(1, 100);
  instance.pass(20);
  silent.ageMs = 15_001;
  assertEquals(instance.pass(1), undefined);
  assertEquals(await instance.series(), ['kos_partition_load{topic="in",partition="0"} 0.1']);
  // One of another topic says nothing of it either.
  instance.owned.shift();
  instance.own(0, 100, 0, "other");
  assertEquals(instance.pass(20), undefined);
});

Deno.test("load metrics: a hot partition shows, at the level of topics by the greatest", async () => {
  for (const level of ["partition", "topic"] as const) {
    const instance = new Instance(level);
    instance.own(0, 1_500);
    instance.own(1, 100);
    instance.pass(11);
    const loads = (await instance.series()).filter((line) => line.startsWith("kos_partition_load"));
    assertEquals(
      loads,
      level === "topic" ? ['kos_partition_load{topic="in"} 1.5'] : [
        'kos_partition_load{topic="in",partition="0"} 1.5',
        'kos_partition_load{topic="in",partition="1"} 0.1',
      ],
    );
  }
});

Deno.test("load metrics: the slower the instance, the greater its load", () => {
  const instance = new Instance();
  instance.own(0, 100);
  instance.pass(20);
  assertAlmostEquals(instance.load.load!, 0.1);
  instance.capacity = 125;
  assertAlmostEquals(instance.pass(1)!, 0.8);
});

Deno.test("load metrics: a catch-up time of nothing is refused at once", () => {
  const registry = new Registry();
  const lag = new LagMetrics({ registry, topics: [], client: "c" });
  assertThrows(() => new LoadMetrics({ registry, lag, capacity: () => 1, catchUpSeconds: 0 }), RangeError);
});

Deno.test("load metrics: offsets that hold no record, as of transactions' ends, make no load of their own", () => {
  const instance = new Instance();
  // Of 200 offsets a second half are records, of which it could do 1,000: it is busy for a tenth of the time.
  instance.recordsPerOffset = 0.5;
  instance.own(0, 200);
  assertAlmostEquals(instance.pass(60)!, 0.1, 0.005);
});
