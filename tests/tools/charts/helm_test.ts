/** What holds for the golden renders, for what helm makes of every values file. */
import { Tools } from "../../../scripts/chart/tools.ts";
import { chartContract } from "./chart_contract.ts";
import { helmRenders } from "./renders.ts";

// deno-lint-ignore no-console -- that helm is built takes minutes
const helm = await new Tools(console.warn).find("helm");

if ("missing" in helm) Deno.test.ignore(`helm's renders, skipped as ${helm.missing}`, () => {});
else chartContract("helm's renders", await helmRenders(helm.command));
