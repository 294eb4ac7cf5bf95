/**
 * All files of a new project.
 *
 * @module
 */
import type { Project, ProjectFile } from "../project.ts";
import { mainFile, sendFile, topologyFile } from "./code.ts";
import { denoFiles } from "./deno_project.ts";
import { valuesFile } from "./deployment.ts";
import { type Commands, readmeFile } from "./readme.ts";

/** What is typed in a project for Deno. */
export const DENO_COMMANDS: Commands = {
  test: task("test"),
  check: task("check"),
  start: task("start"),
  send: task("send"),
  beforeImage: `${task("build")} && `,
};

function task(name: string): string {
  return `deno task ${name}`;
}

/** The files of a project, in the order in which they are read. */
export function filesOf(project: Project): ProjectFile[] {
  return [
    readmeFile(project, DENO_COMMANDS),
    { name: "topology.ts", text: topologyFile(project) },
    { name: "main.ts", text: mainFile(project) },
    { name: "send.ts", text: sendFile() },
    ...denoFiles(project),
    valuesFile(project),
  ];
}
