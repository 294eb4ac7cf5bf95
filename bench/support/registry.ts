/**
 * The schema registry that a benchmark's records are written for.
 *
 * @module
 */
import { startRegistry } from "../../scripts/support/registry_server.ts";
import { say } from "./kafka.ts";

/**
 * Runs `body` with the URL of the registry that `SCHEMA_REGISTRY` names; without it, of one of its own, which
 * ends afterwards; with `undefined` when none is wanted, whatever the variable says.
 */
export async function withRegistry<T>(
  wanted: boolean,
  body: (url: string | undefined) => Promise<T>,
): Promise<T> {
  if (!wanted) return await body(undefined);
  const given = Deno.env.get("SCHEMA_REGISTRY");
  if (given) return await body(given);
  const registry = await startRegistry({ report: say });
  try {
    return await body(registry.url);
  } finally {
    await registry.stop();
  }
}
