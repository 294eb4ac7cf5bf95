import { readFile } from "node:fs/promises";
import { pageRoute, parsers, run } from "@kos/kos";
import { clicksTopology } from "./topology.ts";

const time = { value: "<time>", parse: parsers.duration({ min: 1 }) };
const page = await readFile(new URL("page.html", import.meta.url), "utf8");

await run(({ flags }) => clicksTopology(flags), {
  applicationId: "clicks",
  description: "Gathers clicks in visits, and shows them on a page at the port of the stores.",
  storesRoutes: { "/": pageRoute(page) },
  defaults: { storesPort: 9021 },
  flags: {
    pause: { ...time, text: "how long a pause ends a visit", default: 1_800_000 },
    grace: { ...time, text: "how late a click may come", default: 60_000 },
    keep: { ...time, text: "how long visits can be read", default: 86_400_000 },
    prefix: { value: "<text>", text: "what the topics' names begin with", parse: String, default: "" },
  },
});
