/**
 * Runs a case through our test driver.
 *
 * @module
 */
import { TopologyTestDriver } from "../../src/engine/testing/mod.ts";
import type { Case, Outcome } from "./case.ts";
import { bytesOf, fieldOf, textField } from "./fields.ts";
import { printed } from "./plan.ts";
import { topologyOf } from "./topologies.ts";

/** Runs a case on a topology of its own. */
export async function runOurs(each: Case): Promise<Outcome> {
  const outcome: string[][] = each.events.map(() => []);
  let event = 0;
  const drain = (): void => {
    for (const { topic, timestamp, key, value, headers } of driver?.readAllBytes() ?? []) {
      const fields = headers.map((header) => `${header.key}=${fieldOf(header.value)}`);
      outcome[event]!.push(["out", topic, timestamp, fieldOf(key), fieldOf(value), ...fields].join("\t"));
    }
  };
  let driver: TopologyTestDriver | undefined;
  try {
    const topology = topologyOf(each.topology).build((name, key, value) => {
      // What went out before this action stands before it.
      drain();
      outcome[event]!.push(["seen", name, printedField(key), printedField(value)].join("\t"));
    });
    driver = await TopologyTestDriver.create(topology, {
      applicationId: "reference",
      wallClockMs: each.wallClockMs,
      // As in the Java side's configuration: a test driver's interval, or an application's.
      outerJoinIntervalMs: each.wallClockMs === 0 ? 0 : 1000,
    });
    for (; event < each.events.length; event++) {
      const input = each.events[event]!;
      if (input.kind === "advance") driver.advanceTime(input.ms);
      else {
        const headers = input.headers.map((header) => {
          const split = header.indexOf("=");
          return { key: header.slice(0, split), value: bytesOf(header.slice(split + 1)) };
        });
        driver.pipeBytes(input.topic, bytesOf(input.key), bytesOf(input.value), input.timestamp, headers);
      }
      drain();
    }
  } catch (error) {
    outcome[Math.min(event, outcome.length - 1)]!.push(
      `error\t${error instanceof Error ? error.stack ?? error.message : String(error)}`,
    );
  }
  return outcome;
}

function printedField(value: unknown): string {
  return textField(value === null ? null : printed(value));
}
