/**
 * Tries what its arguments say, one after the other, and tells for each whether it was denied: `read`, `write`,
 * `run`, `env`, `net` or `sys`, a colon, and of what.
 *
 * @module
 */
import process from "node:process";

/** Does it; what goes wrong but by a permission says that it was permitted. */
const TRIES: Readonly<Record<string, (what: string) => unknown>> = {
  read: (path) => Deno.statSync(path),
  // Makes nothing where it is permitted: there is such a folder, or its parent is none.
  write: (path) => Deno.mkdirSync(path),
  run: (command) => new Deno.Command(command).outputSync(),
  env: (name) => Deno.env.get(name),
  net: (host) => Deno.listen({ hostname: host, port: 0 }).close(),
  sys: (kind) => kind === "hostname" ? Deno.hostname() : Deno.systemMemoryInfo(),
};

function denied(attempt: string): boolean {
  const [kind, what] = attempt.split(/:(.*)/s) as [string, string];
  try {
    TRIES[kind]!(what);
    return false;
  } catch (error) {
    return error instanceof Deno.errors.NotCapable;
  }
}

process.stdout.write(JSON.stringify(Object.fromEntries(Deno.args.map((each) => [each, denied(each)]))));
