/**
 * HOT PATH. Which machine sends a frame, and when: a machine sends one frame a millisecond, so that no two
 * frames share a key.
 *
 * @module
 */
import type { FrameGenerator } from "../game/frame_generator.ts";

/**
 * Up to so many machines, all may send in one millisecond; of more a quarter is kept free, so that a free one
 * is found at once.
 */
const FEW_MACHINES = 64;

/**
 * Draws frames and gives them their times.
 *
 * The key of a frame is its millisecond and its machine, and whatever is joined by the key grows with the
 * square of the frames that share one. So a machine that has sent in this millisecond passes its turn to the
 * next one that has not. Where none is left, frames that were due earlier get an earlier millisecond, and, if
 * the group may grow, another machine joins it. A group of a given size that is too small for the rate begins
 * another round in the same millisecond instead, and only then shares keys.
 *
 * @example
 * ```ts
 * import { FrameGenerator } from "../game/frame_generator.ts";
 * import { MachineTurns } from "./machine_turns.ts";
 *
 * const frames = new FrameGenerator({ seed: 7 });
 * const turns = new MachineTurns(frames, { grows: true });
 * const now = Date.now();
 * turns.begin(now, 100);
 * const keys = Array.from({ length: 100 }, () => `${turns.draw()} ${frames.machine}`);
 * console.log(new Set(keys).size); // 100
 * ```
 */
export class MachineTurns {
  readonly #frames: FrameGenerator;
  readonly #grows: boolean;
  /** The time of each machine's last frame. */
  #last: Float64Array;
  /** The time of the frame that is drawn next, unless all machines have sent by then. */
  #time = -Infinity;
  #now = -Infinity;
  /** Machines that have sent in this millisecond, and how many may. */
  #used = 0;
  #mayUse = 0;
  #shares = false;

  /** @param options With `grows`, machines join the group as they are needed, up to the largest group. */
  constructor(frames: FrameGenerator, options: { readonly grows: boolean }) {
    this.#frames = frames;
    this.#grows = options.grows;
    this.#last = new Float64Array(frames.machines.length).fill(NaN);
    this.#count();
  }

  /** Whether frames had to share keys, since the group was too small for so many in a millisecond. */
  get shares(): boolean {
    return this.#shares;
  }

  /**
   * Says what time it is.
   *
   * @param nowMs Milliseconds since the epoch.
   * @param frames How many frames are due, about; `Infinity` for as many as it goes. They get the last
   * milliseconds up to now: as few as half of the group needs for them, since it may be some more.
   */
  begin(nowMs: number, frames: number): void {
    this.#now = nowMs;
    const back = frames === Infinity ? 0 : Math.max(0, Math.ceil(2 * frames / this.#mayUse) - 1);
    if (nowMs - back > this.#time) this.#moveTo(nowMs - back);
    else if (nowMs < this.#time) this.#restartAt(nowMs); // the clock was set back
  }

  /** Draws the next frame; its time, in milliseconds since the epoch. */
  draw(): number {
    const frames = this.#frames;
    frames.draw();
    if (this.#used >= this.#mayUse) this.#makeRoom();
    const last = this.#last;
    const time = this.#time;
    let machine = frames.machine;
    if (last[machine] === time) {
      const { length } = frames.machines;
      do {
        machine++;
        if (machine === length) machine = 0;
      } while (last[machine] === time);
      frames.pass(machine);
    }
    last[machine] = time;
    this.#used++;
    return time;
  }

  #makeRoom(): void {
    if (this.#time < this.#now) this.#moveTo(this.#time + 1);
    else if (this.#grows && this.#frames.grow()) this.#count();
    else {
      this.#shares = true;
      this.#restartAt(this.#time);
    }
  }

  #moveTo(time: number): void {
    this.#time = time;
    this.#used = 0;
  }

  #restartAt(time: number): void {
    this.#last.fill(NaN);
    this.#moveTo(time);
  }

  #count(): void {
    const { length } = this.#frames.machines;
    this.#mayUse = this.#grows && length > FEW_MACHINES ? length - (length >> 2) : length;
    if (length <= this.#last.length) return;
    const larger = new Float64Array(2 * length).fill(NaN);
    larger.set(this.#last);
    this.#last = larger;
  }
}
