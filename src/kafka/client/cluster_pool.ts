/**
 * Connections that many share.
 *
 * @module
 */
import { Cluster, type ClusterSettings } from "./cluster.ts";

/**
 * Enough that commits of many tasks don't wait for each other (a broker carries out the requests of one
 * connection one after another, each for as long as its replicas take), and few enough for many instances of
 * many tasks.
 */
const MOST_CLUSTERS = 4;

/** Lends each user the cluster with the fewest users. */
export class ClusterPool {
  readonly #settings: ClusterSettings;
  readonly #users = new Map<Cluster, number>();

  constructor(settings: ClusterSettings) {
    this.#settings = settings;
  }

  /** `release` must be called once; the last user's closes the connections. */
  acquire(): { readonly cluster: Cluster; readonly release: () => Promise<void> } {
    let [cluster, users] = [...this.#users].reduce(
      (least, each) => each[1] < least[1] ? each : least,
      [undefined, Infinity] as [Cluster | undefined, number],
    );
    if (cluster === undefined || (users > 0 && this.#users.size < MOST_CLUSTERS)) {
      [cluster, users] = [new Cluster(this.#settings), 0];
    }
    this.#users.set(cluster, users + 1);
    const lent = cluster;
    let released = false;
    return {
      cluster,
      release: async () => {
        if (released) return;
        released = true;
        const left = this.#users.get(lent)! - 1;
        this.#users.set(lent, left);
        if (left > 0) return;
        this.#users.delete(lent);
        await lent.close();
      },
    };
  }
}
