/**
 * The instances of a demo: started, looked at and ended one by one, as an autoscaler asks for them.
 *
 * @module
 */
import { type InstanceView, readInstance } from "./instance_view.ts";

/** A started instance. */
export interface Instance {
  /** Where it serves its metrics and readiness, as `http://127.0.0.1:9001`. */
  readonly url: string;
  /** Why it has ended; `undefined` while it runs. */
  ended(): string | undefined;
  /** Ends it as SIGTERM does; resolves when it is gone. */
  stop(): Promise<void>;
  /** Ends it without a word, as kill -9 does; left out where that can't be. */
  kill?(): Promise<void>;
}

/** Starts an instance; resolves when {@linkcode Instance.url} is known, ready or not. */
export type StartInstance = (name: string) => Promise<Instance>;

/** An instance as it was found. */
export interface InstanceLook {
  readonly name: string;
  readonly ready: boolean;
  /** Whether it was told to go. */
  readonly leaving: boolean;
  /** What it told; `undefined` while it can't be asked, as before it listens. */
  readonly view: InstanceView | undefined;
  /** Records a second since the last look at this life of it. */
  readonly out: number;
  /** The share of the time since then in which it worked. */
  readonly busy: number | undefined;
}

/** One life of an instance: its counters begin with it. */
interface Life {
  readonly number: number;
  readonly started: Promise<Instance>;
  instance: Instance | undefined;
  leaving: boolean;
  last: { readonly atMs: number; readonly view: InstanceView } | undefined;
}

/** How long an instance has to answer, in ms. */
const ANSWER_MS = 2_000;

/** The instances of a demo. */
export class Fleet {
  /** Rejects when an instance could not be started, or has ended by itself. */
  readonly failed: Promise<never>;
  readonly #start: StartInstance;
  readonly #reject: (error: unknown) => void;
  readonly #dying = new Set<Promise<void>>();
  #lives: Life[] = [];
  #goneRebalances = 0;

  constructor(start: StartInstance) {
    this.#start = start;
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {}); // whoever races it sees it
    this.failed = promise;
    this.#reject = reject;
  }

  /** Instances that were not told to go, ready or not. */
  get running(): number {
    return this.#staying.length;
  }

  /** Instances that are there, those that leave among them. */
  get present(): number {
    return this.#lives.length;
  }

  /** Rebalances that instances have told of, those that are gone among them. */
  get rebalances(): number {
    return this.#lives.reduce((sum, { last }) => sum + (last?.view.rebalances ?? 0), this.#goneRebalances);
  }

  get #staying(): Life[] {
    return this.#lives.filter(({ leaving }) => !leaving);
  }

  /** Starts what is missing, and ends what is too much, the youngest first. It does not wait for either. */
  scaleTo(replicas: number): void {
    while (this.running < replicas) this.#add();
    for (const life of this.#staying.slice(replicas)) void this.#end(life);
  }

  /**
   * Kills an instance without a word: it is missing then, and {@linkcode Fleet.scaleTo} starts another.
   *
   * @returns Whether there is one of that name that can be killed.
   */
  kill(name: string): boolean {
    const life = this.#lives.find(({ number, instance }) => nameOf(number) === name && instance?.kill);
    if (life === undefined) return false;
    this.#forget(life);
    const gone = life.instance!.kill!().finally(() => this.#dying.delete(gone));
    this.#dying.add(gone);
    gone.catch((error) => this.#reject(error));
    return true;
  }

  /** Asks all of them. @param nowMs Any clock that goes on, for the rates. */
  async look(nowMs: number): Promise<InstanceLook[]> {
    return await Promise.all(this.#lives.map((life) => this.#lookAt(life, nowMs)));
  }

  /** Ends all of them; resolves when they are gone. */
  async close(): Promise<void> {
    await Promise.all([...this.#lives.map((life) => this.#end(life)), ...this.#dying]);
  }

  #add(): void {
    const taken = new Set(this.#lives.map(({ number }) => number));
    let number = 1;
    while (taken.has(number)) number++;
    const started = this.#start(nameOf(number));
    const life: Life = { number, started, instance: undefined, leaving: false, last: undefined };
    started.then((instance) => life.instance = instance, (error) => this.#reject(error));
    this.#lives.push(life);
  }

  async #end(life: Life): Promise<void> {
    life.leaving = true;
    try {
      await (await life.started).stop();
    } catch (error) {
      this.#reject(error);
    }
    this.#forget(life);
  }

  #forget(life: Life): void {
    if (!this.#lives.includes(life)) return;
    this.#goneRebalances += life.last?.view.rebalances ?? 0;
    this.#lives = this.#lives.filter((other) => other !== life);
  }

  async #lookAt(life: Life, nowMs: number): Promise<InstanceLook> {
    const { instance, leaving } = life;
    const name = nameOf(life.number);
    const ended = leaving ? undefined : instance?.ended();
    if (ended !== undefined) this.#reject(new Error(`Cannot go on: received ${ended} from ${name}`));
    const [ready, view] = instance === undefined || ended !== undefined
      ? [false, undefined]
      : await Promise.all([isReady(instance.url), viewOf(instance.url)]);
    const before = life.last;
    if (view !== undefined) life.last = { atMs: nowMs, view };
    const found = { name, ready: ready && view !== undefined, leaving: life.leaving, view };
    const seconds = before === undefined ? 0 : (nowMs - before.atMs) / 1000;
    if (view === undefined || before === undefined || seconds <= 0) {
      return { ...found, out: 0, busy: undefined };
    }
    const out = (view.processed - before.view.processed) / seconds;
    const busy = Math.min(1, (view.busySeconds - before.view.busySeconds) / seconds);
    return { ...found, out, busy };
  }
}

function nameOf(number: number): string {
  return `streams-${number}`;
}

async function isReady(url: string): Promise<boolean> {
  return (await ask(`${url}/readyz`)) !== undefined;
}

async function viewOf(url: string): Promise<InstanceView | undefined> {
  const text = await ask(`${url}/metrics`);
  return text === undefined ? undefined : readInstance(text);
}

/** What is answered with a status of success; `undefined` where none is, as at its begin and end. */
async function ask(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    const text = await answer.text();
    return answer.ok ? text : undefined;
  } catch {
    return undefined; // it does not listen yet, or no longer
  }
}
