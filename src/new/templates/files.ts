/**
 * All files of a new project.
 *
 * @module
 */
import type { Commands, Project, ProjectFile, Runtime } from "../project.ts";
import { mainFile, testFile, topologyFile } from "./code.ts";
import { DENO_COMMANDS, denoFiles } from "./deno_project.ts";
import { valuesFile } from "./deployment.ts";
import { NODE_COMMANDS, nodeFiles } from "./node_project.ts";
import { readmeFile } from "./readme.ts";
import { sendFile, showFile } from "./records.ts";

/** What is typed in a project, by its runtime. */
export const COMMANDS: Readonly<Record<Runtime, Commands>> = { deno: DENO_COMMANDS, node: NODE_COMMANDS };

/** The files of a project, in the order in which they are read. */
export function filesOf(project: Project): ProjectFile[] {
  return [
    readmeFile(project, COMMANDS[project.runtime]),
    { name: "topology.ts", text: topologyFile(project) },
    { name: "topology_test.ts", text: testFile() },
    { name: "main.ts", text: mainFile(project) },
    { name: "send.ts", text: sendFile() },
    { name: "show.ts", text: showFile() },
    ...(project.runtime === "deno" ? denoFiles(project) : nodeFiles(project)),
    valuesFile(project),
  ];
}
