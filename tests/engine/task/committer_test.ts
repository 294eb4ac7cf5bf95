/** When the loop has to look after commits. */
import { assert, assertEquals } from "@std/assert";
import { AtLeastOnceCommitter } from "../../../src/engine/task/at_least_once.ts";
import { LAST_COMMIT_MS } from "../../../src/engine/task/committer.ts";
import { ExactlyOnceCommitter } from "../../../src/engine/task/exactly_once.ts";
import type { Task } from "../../../src/engine/task/task.ts";
import { CommitRejected } from "../../../src/kafka/port/errors.ts";
import type { GroupMember } from "../../../src/kafka/port/group.ts";
import type { Log } from "../../../src/kafka/port/log.ts";
import type { Producer } from "../../../src/kafka/port/producer.ts";
import type { TopicPartitionOffset } from "../../../src/kafka/port/topics.ts";
import { MemoryLog } from "../../../src/kafka/memory/memory_log.ts";

/** A committer of an application `app` that commits each 100 ms if not told otherwise, as a member that has no generation yet. */
function exactlyOnce(
  log: Log,
  now: () => number,
  events: ConstructorParameters<typeof ExactlyOnceCommitter>[5],
  intervalMs = 100,
  callTimeoutMs = 0,
): ExactlyOnceCommitter {
  return new ExactlyOnceCommitter(
    log,
    "app",
    () => ({ memberId: "", generation: -1 }) as GroupMember,
    intervalMs,
    now,
    events,
    undefined,
    undefined,
    callTimeoutMs,
  );
}

const NOTHING = { committed() {}, opened() {}, refused() {}, lost() {}, failed() {} };

Deno.test("a transaction may be open until its commit is due, for what that waits for, and some seconds more", () => {
  const asked: (number | undefined)[] = [];
  const log = new MemoryLog();
  const noting: Pick<Log, "producer"> = {
    producer: (options) => {
      asked.push(options?.transactionTimeoutMs);
      return log.producer(options);
    },
  };
  for (const [interval, calls] of [[100, 0], [60_000, 0], [100, 5_000], [600_000, 1_200_000]]) {
    exactlyOnce(noting as Log, () => 0, NOTHING, interval, calls).producer("0_0");
  }
  // Brokers refuse more than the last.
  assertEquals(asked, [10_100, 70_000, 15_100, 900_000]);
});

Deno.test("no commit is due while all is committed, until something is processed", async () => {
  const log = new MemoryLog();
  const commits: (readonly TopicPartitionOffset[])[] = [];
  const group: Pick<GroupMember, "commit"> = {
    commit: (offsets) => {
      commits.push(offsets);
      return Promise.resolve();
    },
  };
  let open: TopicPartitionOffset[] = [{ topic: "t", partition: 0, offset: 7 }];
  const task: Pick<Task, "uncommitted" | "committed"> = {
    uncommitted: () => open,
    committed: () => {
      open = [];
    },
  };
  let now = 1_000;
  const committer = new AtLeastOnceCommitter(
    log.producer(),
    () => group as GroupMember,
    100,
    () => now,
    { committed() {}, opened() {}, refused() {}, lost() {}, failed: (error) => Promise.reject(error) },
  );
  const tasks = [task as Task];
  committer.commitDue(tasks, true);
  // Whatever was begun before ends before this one does.
  await committer.commit([]);
  assertEquals(commits, [[{ topic: "t", partition: 0, offset: 7 }]]);
  now += 100;
  // The last commit of other tasks, with nothing to commit, said nothing of this one.
  assertEquals(committer.untilDue(), 0);
  committer.commitDue(tasks, false);
  await committer.commit([]);
  assertEquals(committer.untilDue(), Infinity);
  now += 5_000;
  committer.commitDue(tasks, false);
  assertEquals([committer.untilDue(), commits.length], [Infinity, 1]);
  open = [{ topic: "t", partition: 0, offset: 9 }];
  committer.commitDue(tasks, true);
  await committer.commit([]);
  assertEquals(commits[1], [{ topic: "t", partition: 0, offset: 9 }]);
  await committer.close(true);
  await log.close();
});

Deno.test("a commit that had to wait for the end of a record is due when that is there, whatever the interval", async () => {
  const log = new MemoryLog();
  const commits: (readonly TopicPartitionOffset[])[] = [];
  const group: Pick<GroupMember, "commit"> = {
    commit: (offsets) => Promise.resolve(void commits.push(offsets)),
  };
  const open = [{ topic: "t", partition: 0, offset: 7 }];
  const task = {
    paused: true,
    commitWanted: false,
    uncommitted() {
      task.commitWanted = task.paused;
      return task.paused ? [] : open;
    },
    committed() {},
  };
  let now = 30_000;
  const committer = new AtLeastOnceCommitter(
    log.producer(),
    () => group as GroupMember,
    30_000,
    () => now,
    { committed() {}, opened() {}, refused() {}, lost() {}, failed: (error) => Promise.reject(error) },
  );
  const pass = async (): Promise<number> => {
    now += 10;
    committer.commitDue([task as unknown as Task], true);
    await committer.commit([]);
    return commits.length;
  };
  assertEquals([await pass(), task.commitWanted], [0, true]);
  assertEquals(await pass(), 0);
  // It takes no other record before the commit.
  task.paused = false;
  assertEquals([await pass(), task.commitWanted], [1, false]);
  assertEquals(await pass(), 1);
  await committer.close(true);
  await log.close();
});

Deno.test("with exactly once the loop is told when a task that was committed may process again", async () => {
  const log = new MemoryLog();
  await log.createTopics([{ topic: "t", partitions: 1 }]);
  const opened = Promise.withResolvers<void>();
  const task: Pick<Task, "id" | "uncommitted" | "committed"> = {
    id: "0_0",
    uncommitted: () => [],
    committed() {},
  };
  let now = 1_000;
  const committer = exactlyOnce(log, () => now, {
    committed() {},
    opened: opened.resolve,
    refused() {},
    lost: (_task, error) => opened.reject(error),
    failed: opened.reject,
  });
  const producer = committer.producer(task.id);
  await committer.prepare(task as Task);
  await committer.start(task as Task);
  producer.append("t", 0, 1, null, { bytes: new Uint8Array(1), from: 0, to: 1 });
  now += 100;
  committer.commitDue([task as Task], true);
  assertEquals(committer.mayProcess(task as Task), false);
  await opened.promise;
  assertEquals(committer.mayProcess(task as Task), true);
  await committer.close();
  await log.close();
});

Deno.test("with exactly once a task that goes while it begins its first transaction is let go after that", async () => {
  const begun = Promise.withResolvers<void>();
  const done: string[] = [];
  const producer: Partial<Producer> = {
    async begin() {
      await begun.promise;
      done.push("begin");
    },
    abort: () => Promise.resolve(void done.push("abort")),
    close: () => Promise.resolve(void done.push("close")),
  };
  const log: Partial<Log> = { producer: () => producer as Producer };
  const committer = exactlyOnce(log as Log, () => 0, {
    committed() {},
    opened() {},
    refused() {},
    lost() {},
    failed: (error) => Promise.reject(error),
  });
  const task: Pick<Task, "id"> = { id: "0_0" };
  committer.producer(task.id);
  const prepared = committer.prepare(task as Task);
  const dropped = committer.drop(task as Task);
  await Promise.resolve();
  assertEquals(done, []);
  begun.resolve();
  await Promise.all([prepared, dropped]);
  // A producer refuses to abort while it begins.
  assertEquals(done, ["begin", "abort", "close"]);
});

Deno.test("with exactly once nothing is committed amid a record, and one that takes longer than a transaction ends the application", async () => {
  const log = new MemoryLog();
  await log.createTopics([{ topic: "t", partitions: 1 }]);
  const failed = Promise.withResolvers<unknown>();
  const lost = Promise.withResolvers<void>();
  const task = {
    id: "0_0",
    paused: true,
    commitWanted: false,
    place: "offset 5 of t-0 in task 0_0",
    uncommitted: () => {
      task.commitWanted = false;
      return [];
    },
    committed() {},
  };
  let now = 1_000;
  const committer = exactlyOnce(log, () => now, {
    committed() {},
    opened() {},
    refused() {},
    lost: () => lost.resolve(),
    failed: failed.resolve,
  });
  const running = task as unknown as Task;
  /** A transaction that times out amid a record. */
  const round = async (): Promise<void> => {
    const producer = committer.producer(task.id);
    await committer.prepare(running);
    await committer.start(running);
    producer.append("t", 0, 1, null, { bytes: new Uint8Array(1), from: 0, to: 1 });
    now += 10_101;
    task.paused = true;
    committer.commitDue([running], true);
    assertEquals([committer.mayProcess(running), task.commitWanted], [true, true]);
    producer.commit = () => Promise.reject(new Error("fenced"));
    task.paused = false;
    committer.commitDue([running], true);
  };
  await round();
  // A broker may have been away: once it is tried again.
  await lost.promise;
  await committer.drop(running);
  await round();
  assertEquals(
    (await failed.promise as Error).message,
    "Cannot process the record at offset 5 of t-0 in task 0_0: what it gives takes longer than the 10100 ms that a " +
      "transaction may be open, and it has to be in one; let fewer records have the same key within a join's window, " +
      "or fewer promises come of one record, or use at_least_once",
  );
  await committer.close();
  await log.close();
});

/** A group that refuses commits of a generation before its own, and the clock while they are made. */
class SlowGroup {
  generation = 1;
  tries = 0;
  readonly memberId = "m";
  /** The generation of which a commit is taken. */
  readonly #takes: number;
  #clock = 0;

  constructor(takes: number) {
    this.#takes = takes;
  }

  /** A try, which takes longer than commits are tried again for: the group is one generation further then. */
  readonly commit = (): Promise<void> => {
    this.tries++;
    this.#clock += 2 * LAST_COMMIT_MS;
    const asked = this.generation;
    if (asked < 3) this.generation++;
    if (asked === this.#takes) return Promise.resolve();
    return Promise.reject(new CommitRejected("not of this generation", true));
  };

  async measure(body: () => Promise<void>): Promise<void> {
    const { now } = performance;
    performance.now = () => this.#clock;
    try {
      await body();
    } finally {
      performance.now = now;
    }
  }
}

const OPEN = [{ topic: "t", partition: 0, offset: 7 }];

Deno.test("with at least once a last commit that a rebalance overtook is made again, as long as the group gets on", async () => {
  for (const [takes, tries, committed] of [[3, 3, 1], [4, 4, 0]] as const) {
    const log = new MemoryLog();
    const group = new SlowGroup(takes);
    let done = 0;
    const task = { uncommitted: () => OPEN, committed: () => done++, drain: () => false };
    const member = group as unknown as GroupMember;
    const committer = new AtLeastOnceCommitter(log.producer(), () => member, 100, () => 0, NOTHING);
    await group.measure(() => committer.commit([task as unknown as Task]));
    assertEquals([group.tries, done], [tries, committed]);
    await committer.close(true);
    await log.close();
  }
});

Deno.test("with exactly once a commit that a rebalance overtook is made again, as long as the group gets on", async () => {
  for (const [takes, tries, committed] of [[3, 3, 1], [4, 4, 0]] as const) {
    const group = new SlowGroup(takes);
    const producer = {
      counts: { appended: 0 },
      begin: () => Promise.resolve(),
      commit: group.commit,
      abort: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const log: Partial<Log> = { producer: () => producer as unknown as Producer };
    const lost: unknown[] = [];
    const events = { ...NOTHING, lost: (_task: Task, error: unknown) => void lost.push(error) };
    const member = group as unknown as GroupMember;
    const committer = new ExactlyOnceCommitter(log as Log, "app", () => member, 100, () => 0, events);
    let done = 0;
    const task = { id: "0_0", uncommitted: () => OPEN, committed: () => done++, drain: () => false };
    committer.producer(task.id);
    await committer.prepare(task as unknown as Task);
    await committer.start(task as unknown as Task);
    await group.measure(() => committer.commit([task as unknown as Task]));
    assertEquals([group.tries, done, lost.length], [tries, committed, 1 - committed]);
    assert(lost.every((error) => error instanceof CommitRejected));
  }
});
