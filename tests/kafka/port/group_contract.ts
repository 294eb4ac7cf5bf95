/** The part of the Log port's contract that is about groups. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Assignor } from "../../../src/kafka/port/group.ts";
import { CommitRejected } from "../../../src/kafka/port/errors.ts";
import type { ContractContext } from "./log_contract.ts";
import { evenAssignor, TestMember, untilOf } from "./members.ts";
import { bytes, text } from "./records.ts";

type Register = (what: string, partitions: number, body: (context: ContractContext) => Promise<void>) => void;

/** Registers the contract's tests about groups. */
export function groupContract(test: Register): void {
  test("a lone member gets all partitions", 4, async ({ log, topic, groupId }) => {
    const one = new TestMember(log, { groupId, topics: [topic] });
    assertEquals(one.member.memberId, "");
    assertEquals(one.member.generation, -1);
    await one.member.join();
    assertEquals([...one.owned], [0, 1, 2, 3].map((p) => `${topic}-${p}`));
    assert(one.member.memberId !== "" && one.member.generation > 0);
    assertEquals(one.member.rebalances, 1);
    await one.member.leave();
    await one.member.leave();
    assertEquals(one.member.generation, -1);
  });

  test(
    "a second member gets its share only when the first has given it up",
    4,
    async ({ log, topic, groupId }) => {
      const [one, two] = members(2, log, topic, groupId);
      await one!.member.join();
      const gate = Promise.withResolvers<void>();
      const revoking = Promise.withResolvers<void>();
      one!.beforeRevoked = () => {
        revoking.resolve();
        return gate.promise;
      };
      const joined = two!.member.join();
      await revoking.promise;
      await joined;
      assertEquals(two!.events, [{ what: "assigned", partitions: [] }]);
      // Committing in onRevoked works: it is what the callback is for.
      await one!.member.commit([{ topic, partition: 3, offset: 5 }]);
      gate.resolve();
      await Promise.all([one!.untilOwns(2), two!.untilOwns(2)]);
      assertEquals([...one!.owned, ...two!.owned].sort(), [0, 1, 2, 3].map((p) => `${topic}-${p}`));
      assertEquals(await log.committed(groupId, [{ topic, partition: 3 }]), [5]);
      await leaveAll(one!, two!);
    },
  );

  test("of three members none gives up a partition that it keeps", 6, async ({ log, topic, groupId }) => {
    const all = members(3, log, topic, groupId);
    for (const [i, each] of all.entries()) {
      await each.member.join();
      await Promise.all(all.slice(0, i + 1).map((m) => m.untilOwns(6 / (i + 1))));
    }
    assertEquals(all.flatMap((m) => [...m.owned]).sort(), [0, 1, 2, 3, 4, 5].map((p) => `${topic}-${p}`));
    for (const { owned, events } of all) {
      for (const { what, partitions } of events) {
        if (what !== "assigned") assert(!partitions.some((p) => owned.has(p)), JSON.stringify(events));
      }
    }
    await leaveAll(...all);
  });

  test("members that join at the same time share without overlap", 6, async ({ log, topic, groupId }) => {
    const all = members(3, log, topic, groupId);
    await Promise.all(all.map((m) => m.member.join()));
    await Promise.all(all.map((m) => m.untilOwns(2)));
    assertEquals(all.flatMap((m) => [...m.owned]).sort(), [0, 1, 2, 3, 4, 5].map((p) => `${topic}-${p}`));
    await leaveAll(...all);
  });

  test("who leaves hands over at once", 4, async ({ log, topic, groupId }) => {
    const [one, two] = members(2, log, topic, groupId);
    await one!.member.join();
    await two!.member.join();
    await Promise.all([one!.untilOwns(2), two!.untilOwns(2)]);
    const began = performance.now();
    await one!.member.leave();
    await two!.untilOwns(4);
    assert(performance.now() - began < 5_000, "took as long as a session timeout");
    assertEquals(one!.events.filter(({ what }) => what === "lost"), []);
    await two!.member.leave();
  });

  test("what was committed can be read", 3, async ({ log, topic, groupId }) => {
    const partitions = [2, 0, 1].map((partition) => ({ topic, partition }));
    assertEquals(await log.committed(groupId, partitions), [undefined, undefined, undefined]);
    const [one] = members(1, log, topic, groupId);
    await one!.member.join();
    await one!.member.commit([]);
    await one!.member.commit([{ topic, partition: 0, offset: 7 }, { topic, partition: 2, offset: 1 }]);
    await one!.member.commit([{ topic, partition: 0, offset: 8 }]);
    assertEquals(await log.committed(groupId, partitions), [1, 8, undefined]);
    await one!.member.leave();
    assertEquals(await log.committed(groupId, partitions), [1, 8, undefined]);
  });

  test("commits of who is not a member are rejected", 1, async ({ log, topic, groupId }) => {
    const [one] = members(1, log, topic, groupId);
    const commit = () => one!.member.commit([{ topic, partition: 0, offset: 1 }]);
    assertEquals((await assertRejects(commit, CommitRejected)).retriable, false);
    await one!.member.join();
    await commit();
    await one!.member.leave();
    assertEquals((await assertRejects(commit, CommitRejected)).retriable, false);
  });

  test(
    "a member taken for dead: its commit is rejected, it loses all, and joins anew",
    2,
    async (context) => {
      const { log, topic, groupId } = context;
      const [one] = members(1, log, topic, groupId);
      await one!.member.join();
      const before = one!.member.memberId;
      const expired = context.expireMember(groupId, before);
      await expired;
      const error = await assertRejects(
        () => one!.member.commit([{ topic, partition: 0, offset: 1 }]),
        CommitRejected,
      );
      assertEquals(error.retriable, false);
      await one!.until(() => one!.events.length === 3, "lost and assigned again");
      assertEquals(one!.events.map(({ what, partitions }) => [what, partitions.length]), [
        ["assigned", 2],
        ["lost", 2],
        ["assigned", 2],
      ]);
      assert(one!.member.memberId !== before);
      await one!.member.commit([{ topic, partition: 0, offset: 2 }]);
      assertEquals(await log.committed(groupId, [{ topic, partition: 0 }]), [2]);
      await one!.member.leave();
    },
  );

  test(
    "user data goes to the assignor and comes back with the assignment",
    2,
    async ({ log, topic, groupId }) => {
      const seen: (string | null)[][] = [];
      let said = "first";
      const assignor: Assignor = {
        ...evenAssignor(() => bytes(said)),
        assign(members, topics) {
          seen.push(members.map(({ userData }) => text(userData)));
          return new Map([...evenAssignor().assign(members, topics)].map(([id, { partitions }], i) => [
            id,
            { partitions, userData: bytes(`for ${i}`) },
          ]));
        },
      };
      const one = new TestMember(log, { groupId, topics: [topic], assignor });
      await one.member.join();
      assertEquals([seen, text(one.userData!)], [[["first"]], "for 0"]);
      said = "second";
      one.member.rejoin();
      await one.until(() => one.events.length === 2, "assigned again");
      assertEquals(seen, [["first"], ["second"]]);
      assertEquals(one.events[1], { what: "assigned", partitions: [] });
      await one.member.leave();
    },
  );

  test("an assignor that throws ends the membership, and says so", 1, async ({ log, topic, groupId }) => {
    const assignor: Assignor = {
      ...evenAssignor(),
      assign() {
        throw new RangeError("the inputs have 2 and 3 partitions");
      },
    };
    const one = new TestMember(log, { groupId, topics: [topic], assignor });
    await assertRejects(() => one.member.join(), RangeError, "2 and 3 partitions");
    await assertRejects(() => one.member.failed, RangeError, "2 and 3 partitions");
    await one.member.leave();
  });

  test(
    "a callback that throws ends the membership, and another takes over",
    2,
    async ({ log, topic, groupId }) => {
      const [one, two] = members(2, log, topic, groupId);
      await one!.member.join();
      one!.beforeRevoked = () => Promise.reject(new Error("disk full"));
      await two!.member.join();
      await assertRejects(() => one!.member.failed, Error, "disk full");
      await two!.untilOwns(2);
      await leaveAll(one!, two!);
    },
  );

  test("a rebalance during a callback is taken up after it", 4, async ({ log, topic, groupId }) => {
    const [one, two, three] = members(3, log, topic, groupId);
    const gate = Promise.withResolvers<void>();
    const assigning = Promise.withResolvers<void>();
    one!.beforeAssigned = () => {
      assigning.resolve();
      return gate.promise;
    };
    const joins = [one!.member.join()];
    await assigning.promise;
    joins.push(two!.member.join(), three!.member.join());
    gate.resolve();
    await Promise.all(joins);
    const all = [one!, two!, three!];
    await untilOf(all, () => all.map((m) => m.owned.size).sort().join() === "1,1,2", "share 2, 1 and 1");
    assertEquals(all.flatMap((m) => [...m.owned]).sort(), [0, 1, 2, 3].map((p) => `${topic}-${p}`));
    await leaveAll(one!, two!, three!);
  });
}

function members(count: number, log: ContractContext["log"], topic: string, groupId: string): TestMember[] {
  return Array.from({ length: count }, () => new TestMember(log, { groupId, topics: [topic] }));
}

async function leaveAll(...members: TestMember[]): Promise<void> {
  await Promise.all(members.map(({ member }) => member.leave()));
}
