/**
 * When tasks move: one with state goes on where it is until the member that is to have it has read its
 * changelogs, as in Kafka Streams since KIP-441.
 *
 * @module
 */
import type { TaskOwner } from "./task_owner.ts";

/** What of a target is carried out now. */
export interface Moves {
  /** The tasks of each member, those that are leaving among them. */
  readonly active: Map<string, string[]>;
  /** The tasks whose stores each member is to read, as they come to it when it is current. */
  readonly warmups: Map<string, string[]>;
  /** Members that go on with tasks for others, which are not current yet. */
  readonly waiting: ReadonlySet<string>;
}

/** Settings of {@linkcode planMoves}. */
export interface MovesOptions {
  /** Whether a task has stores with changelogs: others move at once. */
  readonly hasState: (task: string) => boolean;
  /** How many tasks a member warms up at a time; 0: tasks move at once. */
  readonly maxWarmups: number;
}

/**
 * Carries out of a target what costs no pause. A task moves at once when it has no state, and when its next
 * owner is current, or is of a version that does not tell. Any other stays, and its next owner warms it up,
 * or waits for its turn to do so. One that nobody has goes to who is current, if anybody is.
 *
 * @param owners All members, those that are leaving too.
 * @param target The tasks that each member is to have in the end.
 */
export function planMoves(
  owners: readonly TaskOwner[],
  target: ReadonlyMap<string, readonly string[]>,
  { hasState, maxWarmups }: MovesOptions,
): Moves {
  const active = new Map<string, string[]>(owners.map(({ memberId }) => [memberId, []]));
  const warmups = new Map<string, string[]>();
  const waiting = new Set<string>();
  const present = new Map(owners.flatMap(({ memberId, tasks }) => [...tasks].map((id) => [id, memberId])));
  // Who is current takes over what nobody has, also above its share: its next owner warms up meanwhile.
  const currentAt = (id: string): string | undefined => {
    const fits = owners.filter(({ isLeaving, current }) => isLeaving !== true && current?.has(id) === true);
    const load = ({ memberId }: TaskOwner): number => active.get(memberId)!.length;
    return fits.sort((a, b) => load(a) - load(b) || (a.memberId < b.memberId ? -1 : 1))[0]?.memberId;
  };
  for (const to of owners) {
    const cold = (id: string): boolean =>
      maxWarmups > 0 && to.current !== undefined && !to.current.has(id) && hasState(id);
    const coming: string[] = [];
    for (const id of target.get(to.memberId) ?? []) {
      const from = to.tasks.has(id) ? to.memberId : present.get(id) ?? currentAt(id) ?? to.memberId;
      const stays = from !== to.memberId && cold(id);
      active.get(stays ? from : to.memberId)!.push(id);
      if (!stays) continue;
      coming.push(id);
      waiting.add(from);
    }
    // What is begun is not given up for another.
    const begun = (id: string): number => to.standbys?.has(id) ? 0 : 1;
    coming.sort((a, b) => begun(a) - begun(b));
    if (coming.length > 0) warmups.set(to.memberId, coming.slice(0, maxWarmups));
  }
  return { active, warmups, waiting };
}

/**
 * What each member is to keep the stores of: standbys and warm-ups, and what it has of a task that comes to
 * it. That one is a warm-up until its owner has given it up, one round later.
 */
export function withComing(
  owners: readonly TaskOwner[],
  standbys: ReadonlyMap<string, readonly string[]>,
  { active, warmups }: Pick<Moves, "active" | "warmups">,
): Pick<Moves, "warmups"> & { standbys: Map<string, string[]> } {
  const kept = new Map<string, string[]>();
  const coming = new Map<string, string[]>();
  for (const { memberId, tasks, standbys: has } of owners) {
    const soon = active.get(memberId)!.filter((id) => !tasks.has(id) && has?.has(id));
    const warm = [...warmups.get(memberId) ?? [], ...soon];
    if (warm.length > 0) coming.set(memberId, warm);
    kept.set(memberId, [...new Set([...standbys.get(memberId) ?? [], ...warm])]);
  }
  return { standbys: kept, warmups: coming };
}
