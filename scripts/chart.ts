/**
 * `deno task chart`: checks the chart. See `--help`.
 *
 * @module
 */
import { join } from "@std/path";
import { parseAll } from "@std/yaml";
import { parseArguments } from "../src/cli/arguments.ts";
import { runProgram } from "../src/cli/main.ts";
import { type Program, toggle } from "../src/cli/program.ts";
import { progress, say } from "../src/cli/write.ts";
import { valueDocs, withValuesTable } from "./chart/docs.ts";
import { flagsFile } from "./chart/flags.ts";
import { schemaFile } from "./chart/values_schema.ts";
import {
  CHART,
  features,
  GOLDEN,
  goldenFile,
  goldenHeader,
  KUBERNETES_VERSION,
  render,
  valuesFile,
} from "./chart/files.ts";
import { schemaLocation } from "./chart/schemas.ts";
import { run, Tools } from "./chart/tools.ts";
import { exists } from "./support/cache.ts";
import { commandWorks } from "./support/commands.ts";

/** Counts checks and tells of each. */
class Report {
  passed = 0;
  failed = 0;
  skipped = 0;

  /** One check: it failed when there is something to say against it. */
  check(what: string, against: string | undefined): void {
    if (against === undefined) {
      this.passed++;
      say(`ok       ${what}`);
    } else {
      this.failed++;
      say(`FAILED   ${what}\n${against.trimEnd().replace(/^/gm, "         ")}`);
    }
  }

  /** Checks that could not be made. */
  skip(what: string, why: string, count = 1): void {
    this.skipped += count;
    say(`skipped  ${what}: ${why}`);
  }
}

interface Flags {
  readonly update: boolean;
}

/** The task and its flags. */
export const CHART_TASK: Program<Flags> = {
  name: "chart",
  task: true,
  description: [
    "Checks charts/kos: helm lint --strict, and for each values file in its folder ci the render against the schemas of " +
    "Kubernetes, the Prometheus operator and KEDA, that of four against the golden one; the alerts and the dashboard; the unit " +
    "tests; what is written from the programs' flags and values.yaml: files/flags.yaml, the schema of values, the README's table.",
    "helm, helm-unittest and kubeconform are those on the path, else built once by go into the cache folder (KOS_CACHE). What " +
    "can't be checked for want of a tool is counted as skipped.",
  ],
  prefix: false,
  flags: {
    update: toggle("write the golden renders, and what is made of flags and values, as they are now"),
  },
};

async function check({ update }: Flags): Promise<number> {
  const report = new Report();
  const tools = new Tools(progress);
  const names = await features();
  await checkGenerated(report, update);

  const helm = await tools.find("helm");
  const renders = new Map<string, string>();
  if ("missing" in helm) {
    report.skip(`lint and render of ${names.length} values files`, helm.missing, names.length * 2);
  } else {
    for (const name of names) {
      report.check(`lint with ${name}`, await lint(helm.command, name));
      const rendered = await render(helm.command, name);
      if ("error" in rendered) report.check(`render with ${name}`, rendered.error);
      else {
        renders.set(name, rendered.text);
        const golden = GOLDEN.includes(name);
        report.check(
          `render with ${name}`,
          golden ? await compare(name, rendered.text, update) : undefined,
        );
      }
    }
  }
  await checkSchemas(report, tools, names, renders);
  await checkExpressions(report, renders.get("operator"));
  await unitTests(report, tools);

  say(`chart: ${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped`);
  return report.failed === 0 ? 0 : 1;
}

/** The files that are made of the programs' flags and of values.yaml. */
async function checkGenerated(report: Report, update: boolean): Promise<void> {
  const docs = valueDocs(await Deno.readTextFile(join(CHART, "values.yaml")));
  await checkFile(report, update, "files/flags.yaml", () => flagsFile());
  await checkFile(report, update, "values.schema.json", (before) => schemaFile(before, docs));
  await checkFile(report, update, "README.md", (before) => withValuesTable(before, docs));
}

async function checkFile(
  report: Report,
  update: boolean,
  path: string,
  made: (before: string) => string,
): Promise<void> {
  const file = join(CHART, path);
  const before = await exists(file) ? await Deno.readTextFile(file) : "";
  const after = made(before);
  const stale = after !== before;
  if (update && stale) await Deno.writeTextFile(file, after);
  report.check(
    `${path} is as it would be written`,
    stale && !update
      ? "The flags or values.yaml say otherwise; deno task chart --update writes it."
      : undefined,
  );
}

async function lint(helm: string, name: string): Promise<string | undefined> {
  const args = ["lint", "--strict", "--kube-version", KUBERNETES_VERSION, CHART, "-f", valuesFile(name)];
  const { success, stdout, stderr } = await run(helm, args);
  // The engine makes a note of what a template refuses, and goes on.
  const refused = /\[INFO\] Fail: .*/.exec(stderr)?.[0];
  return success && refused === undefined ? undefined : refused ?? stdout + stderr;
}

async function compare(name: string, text: string, update: boolean): Promise<string | undefined> {
  const file = goldenFile(name);
  const after = `${await goldenHeader(name)}\n${text}`;
  if (update) {
    await Deno.mkdir(join(file, ".."), { recursive: true });
    await Deno.writeTextFile(file, after);
    return undefined;
  }
  const remedy = "When that is as it should be: deno task chart --update.";
  if (!(await exists(file))) return `There is no ${file}. ${remedy}`;
  const before = (await Deno.readTextFile(file)).split("\n");
  const lines = after.split("\n");
  // The first line changes with any of the sources, the others only with what they render to.
  for (let i = 1; i < Math.max(before.length, lines.length); i++) {
    if (before[i] === lines[i]) continue;
    return `Line ${i + 1} of ${file}\n  was ${before[i] ?? "nothing"}\n  is  ${
      lines[i] ?? "nothing"
    }\n${remedy}`;
  }
  return before[0] === lines[0]
    ? undefined
    : `Its sources have changed, though not what it renders to. ${remedy}`;
}

async function checkSchemas(
  report: Report,
  tools: Tools,
  names: readonly string[],
  renders: ReadonlyMap<string, string>,
): Promise<void> {
  const what = "schemas of the rendered objects";
  if (renders.size === 0) return report.skip(what, "nothing was rendered", names.length);
  const kubeconform = await tools.find("kubeconform");
  if ("missing" in kubeconform) return report.skip(what, kubeconform.missing, renders.size);
  const location = await schemaLocation(tools);
  if (location === undefined) {
    return report.skip(what, "go, which gets the schemas, is not on the path", renders.size);
  }
  for (const [name, text] of renders) {
    const args = ["-strict", "-summary", "-schema-location", location, "-"];
    const { success, stdout, stderr } = await run(kubeconform.command, args, { input: text });
    const count = (parseAll(text) as unknown[]).filter((object) => object !== null).length;
    // "Valid: 13": a kind without a schema would be an error, and none may be left out.
    const complete = new RegExp(`Valid: ${count}, Invalid: 0, Errors: 0, Skipped: 0`).test(stdout);
    report.check(`schemas of ${name}, ${count} objects`, success && complete ? undefined : stdout + stderr);
  }
}

/** The expressions of alerts and dashboard must be PromQL. */
async function checkExpressions(report: Report, render: string | undefined): Promise<void> {
  const what = "alerts and the dashboard's expressions by promtool";
  if (render === undefined) return report.skip(what, "nothing was rendered");
  if (!(await commandWorks("promtool", ["--version"]))) {
    return report.skip(what, "promtool is not on the path");
  }
  const objects = parseAll(render) as { kind?: string; spec?: { groups: unknown[] } }[];
  const alerts = objects.find((object) => object?.kind === "PrometheusRule")?.spec?.groups ?? [];
  const dashboard = JSON.parse(await Deno.readTextFile(join(CHART, "files/dashboard.json"))) as Dashboard;
  // As recording rules, of which each needs a name of its own.
  const rules = dashboard.panels.flatMap(({ targets = [] }) => targets).map(({ expr }, i) => ({
    record: `dashboard:expression_${i}`,
    expr: expr.replaceAll("$__rate_interval", "1m"),
  }));
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(file, JSON.stringify({ groups: [...alerts, { name: "dashboard", rules }] }));
    const { success, stdout, stderr } = await run("promtool", ["check", "rules", file]);
    const nothing = alerts.length === 0 || rules.length === 0;
    report.check(what, success && !nothing ? undefined : stdout + stderr);
  } finally {
    await Deno.remove(file);
  }
}

interface Dashboard {
  readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
}

async function unitTests(report: Report, tools: Tools): Promise<void> {
  const unittest = await tools.find("unittest");
  if ("missing" in unittest) return report.skip("the chart's unit tests", unittest.missing);
  const { success, stdout, stderr } = await run(unittest.command, ["--strict", CHART]);
  const count = /^Tests:\s+(?:\d+ failed, )?(?:\d+ errored, )?(\d+) passed/m.exec(stdout)?.[1];
  const fine = success && Number(count) > 0;
  report.check(`the chart's unit tests, ${count ?? 0} passed`, fine ? undefined : stdout + stderr);
}

/** Runs the command line. @returns The exit code. */
export async function main(args: readonly string[]): Promise<number> {
  return await runProgram("chart", () => check(parseArguments(CHART_TASK, args)));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
