import { jsonSerde, stringSerde } from "@kos/kos";
import { any, feed, PREFIX } from "../feed.ts";

const text = stringSerde();
const CARDS = Array.from({ length: 80 }, (_, i) => `4000-${i}`);
const STOLEN = "4000-99";
const SHOPS = ["bakery", "books", "jeweller", "petrol"];

await feed({
  name: "fraud",
  inputs: [`${PREFIX}payments`],
  // One in twenty is no JSON, as happens when a writer has a bug.
  next: () => ({
    topic: `${PREFIX}payments`,
    key: Math.random() < 0.1 ? STOLEN : any(CARDS),
    value: Math.random() < 0.05
      ? "{cents:"
      : { cents: 100 + Math.floor(Math.random() * 9_000), shop: any(SHOPS) },
  }),
  everyMs: 500,
  outputs: () => ({
    [`${PREFIX}alerts`]: { key: text, value: jsonSerde() },
    [`${PREFIX}fraud-dead-letters`]: { key: text, value: text },
  }),
});
