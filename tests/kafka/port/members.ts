/** Group members for tests: they keep what happened to them, and let a test wait for it. */
import type { Assignor, GroupMember, GroupOptions, MemberAssignment } from "../../../src/kafka/port/group.ts";
import type { Log } from "../../../src/kafka/port/log.ts";
import { partitionKey, type TopicPartition } from "../../../src/kafka/port/topics.ts";

/** Spreads all partitions evenly, and moves as few as it can. */
export function evenAssignor(userData: () => Uint8Array = () => new Uint8Array(0)): Assignor {
  return {
    name: "test-even",
    userData,
    assign(members, topics) {
      const all = [...topics.values()]
        .sort((a, b) => a.topic < b.topic ? -1 : 1)
        .flatMap(({ topic, partitions }) =>
          Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
        );
      const least = Math.floor(all.length / members.length);
      let extra = all.length % members.length;
      const taken = new Set<string>();
      const target = new Map<string, TopicPartition[]>();
      for (const { memberId, owned } of members) {
        const keep = owned.slice(0, owned.length > least && extra-- > 0 ? least + 1 : least);
        for (const p of keep) taken.add(partitionKey(p.topic, p.partition));
        target.set(memberId, keep);
      }
      for (const p of all) {
        if (taken.has(partitionKey(p.topic, p.partition))) continue;
        [...target.values()].reduce((a, b) => b.length < a.length ? b : a).push(p);
      }
      return new Map([...target].map(([id, partitions]): [string, MemberAssignment] => [id, { partitions }]));
    },
  };
}

/** One thing that happened to a member. */
export interface MemberEvent {
  readonly what: "assigned" | "revoked" | "lost";
  readonly partitions: readonly string[];
}

/** A member that notes its events. `owned` is up to date when an event is told of. */
export class TestMember {
  readonly member: GroupMember;
  readonly events: MemberEvent[] = [];
  readonly owned: Set<string> = new Set();
  userData: Uint8Array | undefined;
  /** Awaited in `onRevoked`, before the partitions are gone. */
  beforeRevoked: () => Promise<void> = () => Promise.resolve();
  beforeAssigned: () => Promise<void> = () => Promise.resolve();
  #inCallback = false;
  readonly watchers: Set<() => void> = new Set();

  constructor(log: Log, options: Pick<GroupOptions, "groupId" | "topics"> & Partial<GroupOptions>) {
    this.member = log.group({
      assignor: evenAssignor(),
      heartbeatIntervalMs: 100,
      onAssigned: (added, assignment) =>
        this.#note("assigned", added, async () => {
          await this.beforeAssigned();
          this.userData = assignment.userData;
          for (const p of added) this.owned.add(partitionKey(p.topic, p.partition));
        }),
      onRevoked: (revoked) =>
        this.#note("revoked", revoked, async () => {
          await this.beforeRevoked();
          for (const p of revoked) this.owned.delete(partitionKey(p.topic, p.partition));
        }),
      onLost: (lost) =>
        this.#note("lost", lost, () => {
          for (const p of lost) this.owned.delete(partitionKey(p.topic, p.partition));
          return Promise.resolve();
        }),
      ...options,
    });
  }

  /** Waits until `condition` holds, looking after each event of this member. */
  until(condition: () => boolean, what: string): Promise<void> {
    return untilOf([this], condition, what);
  }

  /** Waits until it owns this many partitions. */
  untilOwns(count: number): Promise<void> {
    return this.until(() => this.owned.size === count, `owns ${count} partitions`);
  }

  async #note(
    what: MemberEvent["what"],
    partitions: readonly TopicPartition[],
    act: () => Promise<void>,
  ): Promise<void> {
    if (this.#inCallback) throw new Error(`${what} was called while another callback runs`);
    this.#inCallback = true;
    await act();
    this.#inCallback = false;
    this.events.push({ what, partitions: partitions.map((p) => partitionKey(p.topic, p.partition)) });
    for (const watcher of [...this.watchers]) watcher();
  }
}

/** Waits until `condition` holds, looking after each event of these members. Fails when a membership does, or after 20 s. */
export async function untilOf(
  members: readonly TestMember[],
  condition: () => boolean,
  what: string,
): Promise<void> {
  if (condition()) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const watcher = () => condition() && resolve();
  const timer = setTimeout(() => {
    const state = members.map(({ owned, events }) => ({ owned: [...owned], events }));
    reject(new Error(`${what}: not within 20 s; ${JSON.stringify(state)}`));
  }, 20_000);
  for (const { watchers, member } of members) {
    watchers.add(watcher);
    member.failed.catch(reject);
  }
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    for (const { watchers } of members) watchers.delete(watcher);
  }
}
