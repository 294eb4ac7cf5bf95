import { jsonSerde, stringSerde } from "@kos/kos";
import { any, feed, PREFIX } from "../feed.ts";

const USERS = ["ada", "bob", "cai", "dot", "eve", "fay", "gus", "hal", "ida", "jon"];
const PAGES = ["/", "/news", "/shop", "/shop/books", "/basket", "/help"];

await feed({
  name: "clicks",
  inputs: [`${PREFIX}clicks`],
  next: () => ({ topic: `${PREFIX}clicks`, key: any(USERS), value: { page: any(PAGES) } }),
  everyMs: 400,
  outputs: () => ({ [`${PREFIX}visits`]: { key: stringSerde(), value: jsonSerde() } }),
});
