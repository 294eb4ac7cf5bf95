import { parsers, run } from "@kos/kos";
import { ordersTopology } from "./topology.ts";

const time = { value: "<time>", parse: parsers.duration() };

await run(({ flags, registry }) => ordersTopology({ ...flags, registry }), {
  applicationId: "orders",
  description: "Joins orders with customers and writes each country's revenue, window by window.",
  flags: {
    window: { ...time, text: "how long a window is", default: 300_000 },
    grace: { ...time, text: "how late an order may come", default: 10_000 },
    prefix: { value: "<text>", text: "what the topics' names begin with", parse: String, default: "" },
  },
});
