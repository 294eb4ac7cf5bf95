/**
 * A page's source with what is recommended for it.
 *
 * @module
 */
import type { PageSnapshot } from "../dashboard/snapshot.ts";
import type { PageSource } from "../dashboard/source.ts";
import type { Advisor } from "./advisor.ts";

/**
 * Shows an advisor each snapshot of a source, and gives it on with the newest decision, and with the number
 * that is recommended where nobody says what is asked for.
 */
export function advised(source: PageSource, advisor: Advisor): PageSource {
  return {
    ...source,
    async *snapshots(signal): AsyncIterable<PageSnapshot> {
      for await (const snapshot of source.snapshots(signal)) {
        advisor.observe(snapshot);
        const { replicas, decisions: [decision] } = advisor.advice;
        yield {
          ...(replicas === undefined ? {} : { wanted: replicas }),
          ...(decision === undefined
            ? {}
            : { decision: { ...decision, reason: withoutCounts(decision.reason) } }),
          ...snapshot,
        };
      }
    },
  };
}

/** The numbers stand beside the sentence on the page, and need not be in it. */
export function withoutCounts(reason: string): string {
  return reason.replace(/^(?:Go from \d+ to \d+|\d+ → \d+): /, "");
}
