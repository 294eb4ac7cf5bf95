import { parsers, run } from "@kos/kos";
import { fraudTopology } from "./topology.ts";

await run(({ flags }) => fraudTopology({ ...flags, within: flags.period }), {
  applicationId: "fraud",
  description: "Watches payments, and alerts when a card makes too many in a short time.",
  // What a payment changes is committed with its alert: no alert is lost, and none comes twice.
  defaults: { processingGuarantee: "exactly_once", onUndecodable: "dead-letter" },
  flags: {
    most: { value: "<n>", text: "payments a card may make", parse: parsers.integer(), default: 3 },
    period: {
      value: "<time>",
      text: "the time in which it may make them",
      parse: parsers.duration({ min: 1 }),
      default: 60_000,
    },
    prefix: { value: "<text>", text: "what the topics' names begin with", parse: String, default: "" },
  },
});
