// deno-lint-ignore-file no-console -- what scripts say is their output
import { type Command, CommanderError, InvalidArgumentError } from "commander";
import { ScriptError } from "./errors.ts";

/** A line of output. */
export function say(line: string): void {
  console.log(line);
}

/** A line of progress: to standard error, so that it never mixes with a result. */
export function progress(line: string): void {
  console.error(line);
}

/** An option's parser for whole numbers from `least` to `most`. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Allowed: a whole number from ${least} to ${most}.`);
  };
}

/**
 * Parses the arguments and runs the command's action. An error is printed to standard error.
 *
 * @returns The exit code: what the action gives, 1 when it can't do its work, 2 for wrong flags (the help tells the allowed ones).
 */
export async function runCommand(
  command: Command,
  action: (command: Command) => Promise<number>,
  args: readonly string[],
): Promise<number> {
  try {
    command.exitOverride().showHelpAfterError().parse([...args], { from: "user" });
    return await action(command);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has printed it
    if (!(error instanceof ScriptError)) throw error;
    progress(`error: ${error.message}`);
    return 1;
  }
}
