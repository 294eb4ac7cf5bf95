/**
 * What it means that a log does not hold the offset to read on at, and what is done.
 *
 * @param wanted The offset of the next record to process, as it was committed.
 * @param resumedAt Where reading goes on: at one of the log's ends. Wherever that is, what is wanted is
 * beyond the log's end when it is larger, and before the log's begin else.
 */
export function outOfRange(partition: string, wanted: number, resumedAt: number): string {
  return wanted > resumedAt
    ? `Cannot read ${partition} on at offset ${wanted}: it is beyond the log's end, as when the topic was ` +
      `deleted and made again; reading on at offset ${resumedAt}, with the state that was made from the ` +
      "records before"
    : `Cannot read ${partition} on at offset ${wanted}: the log does not reach back to it, as its ` +
      "retention is shorter than the lag was; " +
      `reading on at offset ${resumedAt}, ${
        resumedAt - wanted
      } later: what was deleted before is not processed`;
}
