import { assert } from "@std/assert";
import { join } from "@std/path";
import { commandWorks, tryRun } from "../../scripts/support/commands.ts";
import { waitFor } from "../../scripts/support/ports.ts";
import { startChild } from "../../scripts/support/processes.ts";
import { withDirectoryWhile } from "../support/temporary_directory.ts";

const IS_THERE = await commandWorks("prometheus") && await commandWorks("promtool");

/** A test on a Prometheus of its own; where there is none it is left out, and says so. */
export function prometheusTest(name: string, run: () => Promise<void>): void {
  Deno.test({
    name: IS_THERE ? name : `${name} (left out: no prometheus and promtool on the path)`,
    ignore: !IS_THERE,
    fn: run,
  });
}

/** What is scraped, and the labels that each of its series gets where it has not got them. */
export interface Target {
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** What the Prometheus of a test knows. */
export interface Known {
  /** Scraped each second. Default: nothing. */
  readonly targets?: readonly Target[];
  /** What it has from before: series with their times, in OpenMetrics' text format. Default: nothing. */
  readonly past?: string;
}

/** Runs a Prometheus on a free port, in a folder that is removed with it. */
export async function withPrometheus(
  { targets = [], past }: Known,
  run: (url: string) => Promise<void>,
): Promise<void> {
  await withDirectoryWhile(async (folder) => {
    const [config, data, logFile] = ["prometheus.yml", "data", "log"].map((name) => join(folder, name));
    await Deno.writeTextFile(config!, JSON.stringify(configOf(targets)));
    if (past !== undefined) await backfill(past, folder, data!);
    const child = await startChild({
      command: "prometheus",
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${data}`,
        "--web.listen-address=127.0.0.1:0",
        "--log.format=logfmt",
      ],
      logFile: logFile!,
    });
    try {
      const log = (): Promise<string> => Deno.readTextFile(logFile!);
      await waitFor(async () => (await log()).includes("Server is ready"), {
        what: "Prometheus",
        timeoutMs: 240_000,
        hopeless: child.ended,
      }).catch(async (error) => assert(false, `${error}: ${await log()}`));
      const port = /msg="Listening on" address=\S+:(\d+)/.exec(await log())![1];
      await run(`http://127.0.0.1:${port}`);
    } finally {
      await child.stop();
    }
  });
}

/** Its configuration; JSON is YAML too. */
function configOf(targets: readonly Target[]): unknown {
  return {
    global: { scrape_interval: "1s", scrape_timeout: "1s" },
    scrape_configs: [{
      job_name: "test",
      // What a target says itself of pod and namespace holds, as for kube-state-metrics.
      honor_labels: true,
      static_configs: targets.map(({ port, labels }) => ({ targets: [`127.0.0.1:${port}`], labels })),
    }],
  };
}

async function backfill(past: string, folder: string, data: string): Promise<void> {
  const file = join(folder, "past.txt");
  await Deno.writeTextFile(file, past);
  const made = await tryRun("promtool", ["tsdb", "create-blocks-from", "openmetrics", file, data], 240_000);
  assert(made!.success, made!.text);
}
