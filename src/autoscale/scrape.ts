import type { Group, Pod } from "./group.ts";
import { loadOf } from "./load.ts";
import type { Queues } from "./queues.ts";
import { type GroupSample, METRICS, type PodSample } from "./scaler.ts";

/** What is looked at, and over what times. */
export interface ScrapeSettings {
  /** Records a second that one pod can process. */
  readonly capacity: number;
  /** How often Prometheus looks, in seconds. */
  readonly scrapeSeconds: number;
  /** Over what rates are averaged, in seconds. */
  readonly windowSeconds: number;
  /** The time in which `kos_load` has lag worked off, in seconds. */
  readonly catchUpSeconds: number;
  readonly partitions: number;
  /** Entries of state of a partition. */
  readonly stateEntries: number;
  /** Entries that a pod restores in a second. */
  readonly restoreRate: number;
}

/** How often a pod has been looked at, with what it had processed by then. */
interface Watched {
  readonly totals: number[];
  load: number | undefined;
}

/** What comes in is known after so long. */
const ARRIVAL_SECONDS = 10;

/** Prometheus and the metrics of the pods: what a scaler gets to see. */
export class Scrape {
  readonly #settings: ScrapeSettings;
  readonly #group: Group;
  readonly #queues: Queues;
  readonly #watched = new WeakMap<Pod, Watched>();
  #pods: readonly PodSample[] = [];
  #lags: Float64Array;
  #rests: Uint8Array;
  #arrival: number | undefined;

  /** Nothing has been looked at yet. */
  constructor(settings: ScrapeSettings, group: Group, queues: Queues) {
    this.#settings = settings;
    this.#group = group;
    this.#queues = queues;
    this.#lags = new Float64Array(settings.partitions);
    this.#rests = new Uint8Array(settings.partitions);
  }

  /** Looks at all pods at the end of a second. */
  look(second: number): void {
    const { lags, restsUntil } = this.#queues;
    this.#queues.settle();
    this.#lags.set(lags);
    for (let p = 0; p < lags.length; p++) this.#rests[p] = restsUntil[p]! > second ? 1 : 0;
    this.#arrival = second + 1 < ARRIVAL_SECONDS
      ? undefined
      : this.#queues.arrival(second, this.#settings.windowSeconds);
    this.#pods = this.#group.pods.map((pod) => pod.joinsAt > second ? pending(pod) : this.#sample(pod));
  }

  /** What was seen last, of the pods that there are now. */
  get sample(): GroupSample {
    const { partitions, stateEntries, restoreRate } = this.#settings;
    const { shares } = this.#queues;
    const seen = new Map(this.#pods.map((pod) => [pod.name, pod]));
    return {
      partitions,
      stateEntries,
      restoreRate,
      pods: this.#group.pods.map((pod) => seen.get(pod.name) ?? pending(pod)),
      lagOf: (partition) => this.#rests[partition] === 1 ? undefined : this.#lags[partition],
      arrivalOf: (partition) => this.#arrival === undefined ? undefined : this.#arrival * shares[partition]!,
    };
  }

  #sample(pod: Pod): PodSample {
    const { capacity, scrapeSeconds } = this.#settings;
    const watched = this.#watch(pod);
    const { totals } = watched;
    const before = totals.at(-2);
    const busy = before === undefined ? 0 : (pod.processed - before) / scrapeSeconds / capacity;
    const measured = pod.processed >= capacity ? capacity : undefined;
    let lag = 0;
    let rests = false;
    for (const p of pod.partitions) {
      if (this.#rests[p] === 1) rests = true;
      else lag += this.#lags[p]!;
    }
    // While a task moves its load is held, as its lag is not known.
    if (!rests) watched.load = this.#load(pod, lag, measured);
    const values = {
      [METRICS.lag]: lag,
      // PromQL's rate needs two samples, so a pod that has just started has none.
      [METRICS.rate]: before === undefined
        ? undefined
        : (pod.processed - totals[0]!) / ((totals.length - 1) * scrapeSeconds),
      [METRICS.load]: watched.load,
    };
    return { name: pod.name, pending: false, partitions: pod.partitions, values, capacity: measured, busy };
  }

  #watch(pod: Pod): Watched {
    const { windowSeconds, scrapeSeconds } = this.#settings;
    let watched = this.#watched.get(pod);
    if (watched === undefined) this.#watched.set(pod, watched = { totals: [], load: undefined });
    watched.totals.push(pod.processed);
    if (watched.totals.length > 1 + Math.max(1, Math.floor(windowSeconds / scrapeSeconds))) {
      watched.totals.shift();
    }
    return watched;
  }

  #load(pod: Pod, lag: number, capacity: number | undefined): number | undefined {
    const arrival = this.#arrival === undefined ? undefined : this.#arrival * pod.share;
    return loadOf({ arrival, lag, capacity, catchUpSeconds: this.#settings.catchUpSeconds });
  }
}

function pending({ name }: Pod): PodSample {
  return { name, pending: true, partitions: [], values: {}, capacity: undefined, busy: 0 };
}
