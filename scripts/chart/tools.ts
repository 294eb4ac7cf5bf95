/**
 * The programs that check a chart: those on the path, else built once from their Go modules into the cache folder.
 *
 * @module
 */
import { join } from "@std/path";
import { cacheDir, exists, fillOnce, remove } from "../support/cache.ts";
import { commandWorks } from "../support/commands.ts";
import { ScriptError } from "../support/errors.ts";

/** A program as a Go module has it. */
interface GoTool {
  readonly name: string;
  readonly module: string;
  readonly version: string;
  readonly package: string;
  /** A module's own replace directives, which Go takes only from the main module. */
  readonly replace?: string;
  /** Arguments that it answers with exit code 0. */
  readonly probe: readonly string[];
}

/** What {@linkcode Tools} can find. */
export type ToolName = "helm" | "unittest" | "kubeconform";

const TOOLS: Record<ToolName, GoTool> = {
  helm: {
    name: "helm",
    module: "helm.sh/helm/v3",
    version: "v3.22.0",
    package: "helm.sh/helm/v3/cmd/helm",
    probe: ["version"],
  },
  unittest: {
    name: "helm-unittest",
    module: "github.com/helm-unittest/helm-unittest",
    version: "v1.1.2",
    package: "github.com/helm-unittest/helm-unittest/cmd/helm-unittest",
    replace: "github.com/vmware-labs/yaml-jsonpath v0.3.2 => github.com/helm-unittest/yaml-jsonpath v0.4.0",
    probe: ["--help"],
  },
  kubeconform: {
    name: "kubeconform",
    module: "github.com/yannh/kubeconform",
    version: "v0.7.0",
    package: "github.com/yannh/kubeconform/cmd/kubeconform",
    probe: ["-v"],
  },
};

/** What a command wrote. */
export interface Result {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command, with a text as its standard input. */
export async function run(command: string, args: readonly string[], options: {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Record<string, string>;
} = {}): Promise<Result> {
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
  }).spawn();
  const writing = (async () => {
    const writer = child.stdin.getWriter();
    try {
      await writer.write(new TextEncoder().encode(options.input ?? ""));
      await writer.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error; // it did not want its input
    }
  })();
  const [{ success, stdout, stderr }] = await Promise.all([child.output(), writing]);
  const decoder = new TextDecoder();
  return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The command of a tool, or why there is none. */
export type Found = { readonly command: string } | { readonly missing: string };

/** Finds tools, building those that are not on the path. */
export class Tools {
  readonly #report: (line: string) => void;
  #go: Promise<boolean> | undefined;

  constructor(report: (line: string) => void) {
    this.#report = report;
  }

  /** @throws {ScriptError} When Go is there but the build fails. */
  async find(name: ToolName): Promise<Found> {
    const tool = TOOLS[name];
    if (await commandWorks(tool.name, tool.probe)) return { command: tool.name };
    const folder = join(cacheDir(), "tools", `${tool.name}-${tool.version}`);
    if (!(await exists(folder)) && !(await this.#hasGo())) {
      return { missing: `neither ${tool.name} nor go, to build it with, is on the path` };
    }
    await fillOnce(folder, (dir) => this.#build(tool, dir));
    return { command: join(folder, tool.name) };
  }

  /** The folder of a Go module's sources; `undefined` where there is no Go. @throws {ScriptError} When it can't be downloaded. */
  async module(path: string, version: string): Promise<string | undefined> {
    if (!(await this.#hasGo())) return undefined;
    this.#report(`Getting ${path}@${version}`);
    const result = await run("go", ["mod", "download", "-json", `${path}@${version}`], {
      cwd: await Deno.realPath(import.meta.dirname!),
      env: { GOFLAGS: "-mod=mod" },
    });
    if (!result.success) {
      throw new ScriptError(
        `Cannot download the Go module ${path}@${version}: received "${
          (result.stdout + result.stderr).trim().slice(-600)
        }"`,
      );
    }
    return (JSON.parse(result.stdout) as { Dir: string }).Dir;
  }

  #hasGo(): Promise<boolean> {
    return this.#go ??= commandWorks("go", ["version"]);
  }

  async #build(tool: GoTool, dir: string): Promise<void> {
    this.#report(`Building ${tool.name} ${tool.version}; this takes some minutes, once`);
    const lines = ["module build", "go 1.24.0", `require ${tool.module} ${tool.version}`];
    if (tool.replace !== undefined) lines.push(`replace ${tool.replace}`);
    await Deno.writeTextFile(join(dir, "go.mod"), lines.join("\n") + "\n");
    const args = ["build", "-trimpath", "-ldflags", "-s -w", "-o", join(dir, tool.name), tool.package];
    const result = await run("go", args, {
      cwd: dir,
      env: { CGO_ENABLED: "0", GOFLAGS: "-mod=mod -buildvcs=false" },
    });
    if (!result.success) {
      throw new ScriptError(
        `Cannot build ${tool.package}@${tool.version}: received "${result.stderr.trim().slice(-800)}"; ` +
          `put ${tool.name} on the path instead`,
      );
    }
    await remove(join(dir, "go.mod"));
    await remove(join(dir, "go.sum"));
  }
}
