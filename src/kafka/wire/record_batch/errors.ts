/** Where in the log the error is. */
export interface RecordPosition {
  readonly topic: string;
  readonly partition: number;
  /** The first offset of the batch; or, when that can't be read, the one that was fetched. */
  readonly offset: number;
}

/** Fetched bytes that are no valid record batch: damaged on the disk, on the way, or by the producer. */
export class CorruptRecordError extends Error {
  override name = "CorruptRecordError";
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** What was found, as in the message. */
  readonly received: string;
  constructor(at: RecordPosition, received: string, options?: ErrorOptions) {
    super(
      `Cannot read ${at.topic}-${at.partition} at offset ${at.offset}: received ${received}; ` +
        `fetch it again, and if that gives the same, skip the batch or restore it from a replica`,
      options,
    );
    this.received = received;
    ({ topic: this.topic, partition: this.partition, offset: this.offset } = at);
  }
}

/** A record batch in a form that this reader does not read. */
export class UnsupportedBatchError extends Error {
  override name = "UnsupportedBatchError";
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** What was found, as in the message. */
  readonly received: string;
  constructor(at: RecordPosition, received: string, remedy: string) {
    super(`Cannot read ${at.topic}-${at.partition} at offset ${at.offset}: received ${received}; ${remedy}`);
    this.received = received;
    ({ topic: this.topic, partition: this.partition, offset: this.offset } = at);
  }
}
