/**
 * `deno task bench:micro`: what each part of the hot path costs. See `--help`.
 *
 * @module
 */
import { UsageError } from "../../src/cli/command.ts";
import { EXIT, main } from "../../src/cli/main.ts";
import { writeAll } from "../../src/cli/write.ts";
import { type BenchReport, leastOf, markdownOf, rowsOf } from "./table.ts";

const HELP = `Usage: deno task bench:micro [--table] [paths] [flags of deno bench]

Measures the hit codec, the serdes, the stores and the record batch, each on a thousand different inputs an iteration,
beside avsc and kafkajs where these do the same. Run it on a machine that does nothing else.

  --table        print a table with the ns an item takes, instead of deno bench's with the time an iteration takes
  --rounds=N     for the table, measure N times (3) and take of each row the round in which it took least: others
                 that use the machine for a while are then not in it
  paths          only these, such as bench/micro/stores_bench.ts
  --json         deno bench's JSON
  --filter NAME  and all other flags of deno bench
`;

const ROUNDS = "--rounds=";

if (import.meta.main) {
  await main("bench:micro", async () => {
    if (Deno.args.includes("--help") || Deno.args.includes("-h")) {
      writeAll(Deno.stdout, HELP);
      return EXIT.ok;
    }
    const table = Deno.args.includes("--table");
    const rounds = roundsOf(Deno.args);
    const args = Deno.args.filter((arg) => arg !== "--table" && !arg.startsWith(ROUNDS));
    const paths = args.some((arg) => !arg.startsWith("-") && arg.endsWith(".ts"))
      ? []
      : [import.meta.dirname!];
    const command = new Deno.Command(Deno.execPath(), {
      args: ["bench", "-q", "-P=micro", ...(table ? ["--json"] : []), ...args, ...paths],
      stdout: table ? "piped" : "inherit",
      stderr: "inherit",
    });
    if (!table) return (await command.spawn().status).success ? EXIT.ok : EXIT.failure;
    const reports: BenchReport[] = [];
    while (reports.length < rounds) {
      const { success, stdout } = await command.output();
      if (!success) return EXIT.failure;
      reports.push(JSON.parse(new TextDecoder().decode(stdout)));
    }
    const { runtime, cpu } = reports[0]!;
    writeAll(Deno.stdout, `${runtime}, ${cpu}\n\n${markdownOf(rowsOf(leastOf(reports)))}\n`);
    return EXIT.ok;
  });
}

function roundsOf(args: readonly string[]): number {
  const given = args.find((arg) => arg.startsWith(ROUNDS))?.slice(ROUNDS.length) ?? "3";
  if (!/^[1-9]\d?$/.test(given)) {
    throw new UsageError(
      `Cannot measure: received ${ROUNDS}${given}; allowed is a whole number from 1 to 99`,
    );
  }
  return Number(given);
}
