import { assertEquals } from "@std/assert";
import { StreamsBuilder, stringSerde } from "../../mod.ts";
import { topologyParts } from "../../src/dashboard/topology_parts.ts";

Deno.test("topology parts: topics, steps by the names that people read, and stores, of each sub-topology", () => {
  const text = { key: stringSerde(), value: stringSerde() };
  const builder = new StreamsBuilder();
  builder.stream("lines", text).groupBy((_key, line) => line, text).count({ name: "counts" }).toStream()
    .mapValues(String).to("totals", text);
  const [first, second] = topologyParts(builder.build());
  assertEquals([first!.sources, first!.stores], [["lines"], []]);
  assertEquals(first!.sinks, second!.sources);
  assertEquals(second, {
    id: 1,
    sources: first!.sinks,
    steps: ["aggregate", "tostream", "mapvalues"],
    stores: ["counts"],
    sinks: ["totals"],
  });
});
