/**
 * What the demo says at its end.
 *
 * @module
 */
import type { DemoSummary } from "../../src/demo/run.ts";

/**
 * Whether every session came out right, and no record was lost. Where an instance was killed, sessions may
 * have hits twice, as at least once allows, but none may lack any.
 */
export function isGood(
  { expected, missing, wrong, lacking, unexpected, lost, killed }: DemoSummary,
): boolean {
  return expected > 0 && missing + (killed > 0 ? lacking : wrong) + unexpected + lost === 0;
}

/** The figures of a run in sentences. */
export function linesOf(summary: DemoSummary): string[] {
  return [...scalingLines(summary), ...sessionLines(summary)];
}

function scalingLines({ figures, drainMs }: DemoSummary): string[] {
  const { peak, upSeconds, downSeconds, worstLag, worstSeconds, laggingSeconds, podSeconds, turns } = figures;
  const up = upSeconds === undefined ? "" : `, ready ${count(upSeconds)} s after the surge began`;
  const down = downSeconds === undefined ? "" : `, back ${count(downSeconds)} s after the burst ended`;
  const drained = drainMs === undefined
    ? "it was not gone a minute after the load ended"
    : `it was gone ${(drainMs / 1000).toFixed(1)} s after the load ended`;
  return [
    `up to ${count(peak)} instances${up}${down}; ${count(turns)} ${turns === 1 ? "turn" : "turns"}`,
    `the highest lag was ${count(worstLag)} records; ${drained}`,
    `a record waited for ${worstSeconds.toFixed(1)} s at most; for ${
      count(laggingSeconds)
    } s more was left ` +
    "than an instance does in a second",
    `${count(podSeconds)} seconds of instances`,
  ];
}

function sessionLines(summary: DemoSummary): string[] {
  const { frames, sent, seconds, lost, answered, expected, correct, missing, wrong, unexpected } = summary;
  const share = expected === 0 ? "" : ` (${(100 * correct / expected).toFixed(2)} %)`;
  return [
    `${count(frames)} frames sent as ${count(sent)} records in ${seconds.toFixed(1)} s, ${count(lost)} lost`,
    `${count(answered)} frames had a response in time and make ${count(expected)} sessions`,
    `${count(correct)} sessions came out with exactly their hits${share}; ${count(missing)} missing, ` +
    `${count(wrong)} wrong, ${count(unexpected)} unexpected`,
    ...(summary.killed === 0 ? [] : [
      `${count(summary.killed)} instances were killed: ${
        count(wrong - summary.lacking)
      } sessions have hits ` +
      "twice, as at least once allows",
    ]),
    ...(summary.example === undefined ? [] : [`for example: ${summary.example}`]),
  ];
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
