/** What holds for the golden renders, for what helm makes of every values file. */
import { assertMatch } from "@std/assert";
import { CHART, KUBERNETES_VERSION, valuesFile } from "../../../scripts/chart/files.ts";
import { run, Tools } from "../../../scripts/chart/tools.ts";
import { chartContract } from "./chart_contract.ts";
import { type Any, chartYaml, helmRenders } from "./renders.ts";

// deno-lint-ignore no-console -- that helm is built takes minutes
const helm = await new Tools(console.warn).find("helm");

if ("missing" in helm) Deno.test.ignore(`helm's renders, skipped as ${helm.missing}`, () => {});
else {
  chartContract("helm's renders", await helmRenders(helm.command));

  Deno.test("null for a block of values is the same as none in it, or is refused by the block's name", async () => {
    for (const path of blocks(await chartYaml("values.yaml"))) {
      const args = ["template", "kos", CHART, "--kube-version", KUBERNETES_VERSION];
      const values = ["--values", valuesFile("operator"), "--set", `cleanup.enabled=true,${path}=null`];
      const { success, stderr } = await run(helm.command, [...args, ...values]);
      if (!success) {
        assertMatch(stderr, new RegExp(`: ${path} is null, which takes the chart's default away`));
      }
    }
  });
}

/** The paths of the maps in values that have keys of their own. */
function* blocks(value: Any, path: string[] = []): Generator<string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  if (path.length > 0) yield path.join(".");
  for (const [key, inner] of Object.entries(value)) yield* blocks(inner, [...path, key]);
}
