/**
 * HOT PATH. What the task gives its processors and stores, and what only itself sets: the producer, how much
 * may be pending in it, and the record that is being processed.
 *
 * @module
 */
import type { Producer } from "../../kafka/port/producer.ts";
import type { RecordSet } from "../../kafka/port/record_set.ts";
import { AsyncCalls } from "../record/async_calls.ts";
import { EncodedRecord } from "../record/encoded_record.ts";
import { Pauses } from "../record/pauses.ts";
import type { ProcessorContext } from "../record/processor_context.ts";
import { Punctuators } from "../record/punctuators.ts";
import { RecordOrigin } from "../record/record_origin.ts";
import type { EngineStats } from "../record/stats.ts";
import type { Failures } from "./failures.ts";
import { type OutputBounds, tooMuchPending, UNBOUNDED } from "./output_bounds.ts";

/** The context of one task. */
export class TaskContext implements ProcessorContext {
  readonly taskId: string;
  readonly partition: number;
  readonly stats: EngineStats;
  readonly now: () => number;
  readonly encoded: EncodedRecord = new EncodedRecord();
  readonly origin: RecordOrigin = new RecordOrigin();
  /** Set before the task runs. */
  producer!: Producer;
  /** Set when the task is made. */
  failures!: Failures;
  streamTime = -1;
  /** In ms; Kafka Streams' default. */
  outerJoinIntervalMs = 1000;
  readonly punctuators: Punctuators;
  readonly pauses: Pauses = new Pauses();
  readonly calls: AsyncCalls = new AsyncCalls();
  /** How much may be pending in the producer. */
  outputBounds: OutputBounds = UNBOUNDED;
  mayOverflow = false;
  /** Whether a step is at work that can't pause. */
  #unpaused = false;

  constructor(taskId: string, partition: number, stats: EngineStats, now: () => number) {
    this.taskId = taskId;
    this.partition = partition;
    this.stats = stats;
    this.now = now;
    this.punctuators = new Punctuators(now);
  }

  get full(): boolean {
    return this.producer.pendingBytes > this.outputBounds.pausesAbove && !this.#unpaused;
  }

  unpaused(call: () => void): void {
    // A join that emits in another one's call must not end that one's.
    const before = this.#unpaused;
    this.#unpaused = true;
    try {
      call();
    } finally {
      this.#unpaused = before;
    }
  }

  checkPending(topic: string): void {
    const { failsAbove } = this.outputBounds;
    if (this.producer.pendingBytes > failsAbove) throw tooMuchPending(this, failsAbove, topic);
  }

  /** Called before a record goes into the topology. */
  enter(set: RecordSet | undefined, index: number): void {
    this.origin.enter(set, index);
    this.encoded.forgetKey();
    this.encoded.forgetValue();
  }
}
