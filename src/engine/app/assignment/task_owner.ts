/**
 * A member of an application's group, as tasks are given to it.
 *
 * @module
 */

/** A member with the tasks that it runs now. */
export interface TaskOwner {
  readonly memberId: string;
  readonly tasks: ReadonlySet<string>;
  /** The tasks whose stores it keeps current. */
  readonly standbys?: ReadonlySet<string>;
  /** Of these the ones that are current; left out by versions that don't tell. */
  readonly current?: ReadonlySet<string>;
  /** Of these the ones that the leader has said will come to it. */
  readonly awaited?: ReadonlySet<string>;
  /** Whether it is about to end: its tasks go to others. */
  readonly isLeaving?: boolean;
  /** Whether it has just come: tasks that others own stay with them until it has been here for a while. */
  readonly isNew?: boolean;
}

/**
 * How much is to be said for a member as a task's next owner: most for the one that was chosen before, as a
 * task is to move once; then for one whose stores are current, and for one that reads them.
 */
export function warmth({ standbys, current, awaited }: TaskOwner, task: string): 0 | 1 | 2 | 3 {
  if (awaited?.has(task) === true) return 3;
  if (current?.has(task) === true) return 2;
  return standbys?.has(task) === true ? 1 : 0;
}
