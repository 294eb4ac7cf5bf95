import { avroSerde, stringSerde } from "@kos/kos";
import { any, feed, PREFIX } from "../feed.ts";
import { REVENUE } from "./topology.ts";

const CUSTOMERS = { ada: "AT", bob: "DE", cai: "IT", dot: "AT", eve: "FR" };
const text = stringSerde();
let order = 1_000;

await feed({
  name: "orders",
  inputs: [`${PREFIX}customers`, `${PREFIX}orders`],
  first: Object.entries(CUSTOMERS).map(([name, country]) => ({
    topic: `${PREFIX}customers`,
    key: name,
    value: { name, country },
  })),
  next: () => ({
    topic: `${PREFIX}orders`,
    key: `#${order++}`,
    value: { customer: any(Object.keys(CUSTOMERS)), cents: 100 + Math.floor(Math.random() * 5_000) },
  }),
  everyMs: 500,
  outputs: (registry) => ({
    [`${PREFIX}revenue`]: { key: text, value: avroSerde(REVENUE, registry ? { registry } : {}) },
  }),
});
