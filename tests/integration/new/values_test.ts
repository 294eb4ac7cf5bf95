/** The values of a new application in the chart, by helm. */
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { CHART, KUBERNETES_VERSION } from "../../../scripts/chart/files.ts";
import { run, Tools } from "../../../scripts/chart/tools.ts";
import { newProject } from "../../../src/new/generator.ts";
import { withDirectoryWhile } from "../../support/temporary_directory.ts";
import { find, objectsIn, podsOf } from "../../tools/charts/renders.ts";

// deno-lint-ignore no-console -- that helm is built takes minutes
const helm = await new Tools(console.warn).find("helm");

/** Calls `body` with what makes helm use the values of a new application that reads that topic. */
async function withValues(input: string, body: (args: readonly string[]) => Promise<void>): Promise<void> {
  await withDirectoryWhile(async (directory) => {
    const folder = join(directory, "my-app");
    assertEquals(await newProject([folder, "--input", input], { tell: () => {} }), 0);
    const values = join(folder, "values.yaml");
    await body(["--kube-version", KUBERNETES_VERSION, "-f", values]);
  });
}

/** What an autoscaler looks at. */
function metricsOf({ metrics }: { metrics: readonly { pods: { metric: { name: string } } }[] }): string[] {
  return metrics.map(({ pods }) => pods.metric.name);
}

if ("missing" in helm) {
  Deno.test.ignore(`a new application's values, skipped as ${helm.missing}`, () => {});
} else {
  Deno.test("the chart takes a new application's values, and scales it by its load and the lag of its topic", async () => {
    await withValues("orders", async (args) => {
      const lint = await run(helm.command, ["lint", "--strict", CHART, ...args]);
      assertEquals(lint.success, true, lint.stdout + lint.stderr);
      const rendered = await run(helm.command, ["template", "my-app", CHART, ...args]);
      assertEquals(rendered.success, true, rendered.stderr);
      const objects = objectsIn(rendered.stdout);
      const { spec } = find(objects, "HorizontalPodAutoscaler", "my-app");
      assertEquals(spec.scaleTargetRef.name, "my-app");
      assertEquals(metricsOf(spec), ["kos_load", "consumer_lag_orders"]);
      const images = podsOf(objects).flatMap(({ spec }) =>
        spec.containers.map(({ image }: { image: string }) => image)
      );
      assertEquals(images.includes("my-app:0.1.0"), true, `${images}`);
    });
  });

  Deno.test("the chart takes a topic's name that YAML reads as a number, with dots and in capitals", async () => {
    for (const input of ["1e3", "EU.Orders_2"]) {
      await withValues(input, async (args) => {
        const { success, stderr } = await run(helm.command, ["template", "my-app", CHART, ...args]);
        assertEquals(success, true, `${input}: ${stderr}`);
      });
    }
  });
}
