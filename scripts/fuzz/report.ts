import { join } from "@std/path";
import type { Finding } from "./finding.ts";
import type { Result } from "./runner.ts";

/** A table of what came of the targets, for people. */
export function table(results: readonly Result[]): string {
  const rows = results.map(({ target, tried, ms, kept, reached, findings }) => [
    target,
    count(tried),
    count(Math.round(1000 * tried / Math.max(1, ms))),
    count(kept),
    count(reached),
    count(findings.length),
  ]);
  const all = [["target", "inputs", "a second", "kept", "code reached", "findings"], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  ");
  return all.map(line).join("\n");
}

/** The last line. */
export function closingLine(results: readonly Result[], seed: number): string {
  const tried = results.reduce((sum, each) => sum + each.tried, 0);
  const findings = results.flatMap((each) => each.findings);
  const errors = findings.filter(({ fault }) => fault === "error").length;
  const others = findings.length - errors;
  return `fuzz: ${count(tried)} inputs tried, ${errors} untyped errors` +
    `${others === 0 ? "" : `, ${others} of time, memory or growth`} (seed ${seed})`;
}

/** How far a target is, in one line. */
export function progressLine({ target, tried, ms, kept, reached, findings }: Result): string {
  return `${target}: ${count(tried)} inputs, ${
    count(Math.round(1000 * tried / Math.max(1, ms)))
  } a second, ` +
    `${count(kept)} kept, ${count(reached)} characters of code reached, ${findings.length} findings`;
}

/** What was found, and how it is seen again, in some lines. */
export function findingText({ fault, message, stack }: Finding, target: string, again: string): string {
  const lines = [`FOUND in ${target}: ${fault}: ${message}`];
  if (stack !== undefined && stack !== "") lines.push(stack);
  lines.push(`again: ${again}`);
  return lines.join("\n");
}

/** Writes a finding's input and what is wrong with it; returns how it is seen again. */
export async function writeFinding(
  folder: string,
  target: string,
  finding: Finding,
  seed: number,
): Promise<string> {
  const { input } = finding;
  const name = await nameOf(finding);
  const file = join(folder, target, name);
  const again = input === undefined
    ? `deno task fuzz --target ${target} --seed ${seed}`
    : `deno task fuzz --target ${target} --input ${file}`;
  await Deno.mkdir(join(folder, target), { recursive: true });
  if (input !== undefined) await Deno.writeFile(file, input);
  await Deno.writeTextFile(`${file}.txt`, `${findingText(finding, target, again)}\n`);
  return again;
}

async function nameOf({ fault, message, input }: Finding): Promise<string> {
  const bytes = input ?? new TextEncoder().encode(message);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice()));
  return `${fault}-${hash.subarray(0, 4).toHex()}`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
