/**
 * Writes the folder of a new application: a topology with its test, a program, and what deploys it.
 *
 * ```sh
 * deno run --allow-read=. --allow-write=. jsr:@kos/kos/new my-app
 * ```
 *
 * @module
 */
import process from "node:process";
import { newProject } from "./generator.ts";

// Not only where it is the main module: Node 22 can't tell.
process.exit(await newProject(process.argv.slice(2)));
