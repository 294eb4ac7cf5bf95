/**
 * `deno task bench:micro`: what each part of the hot path costs. See `--help`.
 *
 * @module
 */
import { EXIT, main } from "../../src/cli/main.ts";
import { writeAll } from "../../src/cli/write.ts";
import { type BenchReport, markdownOf, rowsOf } from "./table.ts";

const HELP = `Usage: deno task bench:micro [--table] [paths] [flags of deno bench]

Measures the hit codec, the serdes, the stores and the record batch, each on a thousand different inputs an iteration,
beside avsc and kafkajs where these do the same. Run it on a machine that does nothing else.

  --table        print a table with the ns an item takes, instead of deno bench's with the time an iteration takes
  paths          only these, such as bench/micro/stores_bench.ts
  --json         deno bench's JSON
  --filter NAME  and all other flags of deno bench
`;

if (import.meta.main) {
  await main("bench:micro", async () => {
    if (Deno.args.includes("--help") || Deno.args.includes("-h")) {
      writeAll(Deno.stdout, HELP);
      return EXIT.ok;
    }
    const table = Deno.args.includes("--table");
    const args = Deno.args.filter((arg) => arg !== "--table");
    const paths = args.some((arg) => !arg.startsWith("-") && arg.endsWith(".ts"))
      ? []
      : [import.meta.dirname!];
    const command = new Deno.Command(Deno.execPath(), {
      args: ["bench", "-q", "-P=micro", ...(table ? ["--json"] : []), ...args, ...paths],
      stdout: table ? "piped" : "inherit",
      stderr: "inherit",
    });
    if (!table) return (await command.spawn().status).success ? EXIT.ok : EXIT.failure;
    const { success, stdout } = await command.output();
    if (!success) return EXIT.failure;
    const report: BenchReport = JSON.parse(new TextDecoder().decode(stdout));
    writeAll(Deno.stdout, `${report.runtime}, ${report.cpu}\n\n${markdownOf(rowsOf(report))}\n`);
    return EXIT.ok;
  });
}
