/**
 * `deno task bench:micro`: what each part of the hot path costs. See `--help`.
 *
 * @module
 */
import { readCommandLine } from "../../src/cli/arguments.ts";
import { EXIT, main } from "../../src/cli/main.ts";
import { integer } from "../../src/cli/parsers.ts";
import { type Program, toggle } from "../../src/cli/program.ts";
import { writeAll } from "../../src/cli/write.ts";
import { type BenchReport, leastOf, markdownOf, rowsOf } from "./table.ts";

interface Flags {
  readonly table: boolean;
  readonly rounds: number;
}

/** The task and its flags. */
export const BENCH_MICRO: Program<Flags> = {
  name: "bench:micro",
  task: true,
  description:
    "Measures the hit codec, the serdes, the stores and the record batch, each on a thousand different inputs an iteration, beside " +
    "avsc and kafkajs where these do the same. Run it on a machine that does nothing else.",
  prefix: false,
  rest: "[paths] [flags of deno bench]",
  passesOn: true,
  flags: {
    table: toggle(
      "print a table with the ns an item takes, instead of deno bench's with the time an iteration takes",
    ),
    rounds: {
      value: "<count>",
      text:
        "for the table, measure so many times and take of each row the round in which it took least: others that use the " +
        "machine for a while are then not in it",
      parse: integer({ min: 1, max: 99 }),
      default: 3,
    },
  },
  sections: [{
    title: "Passed on to deno bench",
    rows: [
      ["paths", "only these, such as bench/micro/stores_bench.ts"],
      ["--json", "deno bench's JSON"],
      ["--filter NAME", "only those whose names have this; and all other flags of deno bench"],
    ],
  }],
};

if (import.meta.main) {
  await main("bench:micro", async () => {
    const { flags: { table, rounds }, rest: args } = readCommandLine(BENCH_MICRO, Deno.args);
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
