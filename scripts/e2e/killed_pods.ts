/** A pod as it was seen. */
export interface SeenPod {
  readonly name: string;
  readonly uid: string;
  /** Which part of the release it is of. */
  readonly component: string;
  /** How often its containers were started again. */
  readonly restarts: number;
  /** Why that was, or why the pod was ended. */
  readonly reason: string;
}

/** Notes which pods were killed: restarted, evicted, or replaced under the same name. */
export class KilledPods {
  readonly #uids = new Map<string, string>();
  readonly #killed = new Map<string, string>();

  /** Looks at the pods as they are now. */
  note(pods: readonly SeenPod[]): void {
    for (const { name, uid, restarts, reason } of pods) {
      const before = this.#uids.get(name) ?? uid;
      this.#uids.set(name, uid);
      if (restarts > 0) this.#killed.set(name, `${name} was restarted ${restarts} times: ${reason}`);
      else if (reason === "Evicted") this.#killed.set(name, `${name} was evicted`);
      else if (before !== uid) this.#killed.set(name, `${name} was replaced by another pod`);
    }
  }

  /** What was seen; empty when no pod was killed. */
  get complaints(): string[] {
    return [...this.#killed.values()];
  }
}
