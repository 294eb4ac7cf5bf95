import { join } from "@std/path";
import { cacheDir, fillOnce } from "../../../scripts/support/cache.ts";
import { type Output, tryRun } from "../../../scripts/support/commands.ts";
import { ScriptError } from "../../../scripts/support/errors.ts";

const MODULE = new URL("../../../terraform/", import.meta.url).pathname;
const PROVIDER = new URL("./provider/", import.meta.url).pathname;
const PROVIDER_FILES = ["main.go", "go.mod", "go.sum", "google_schema.json"];

/** Runs terraform in a copy of the module. */
export type Terraform = (...args: string[]) => Promise<Output>;

/** What there is to check the module with. */
export interface Means {
  /** Without terraform: why. */
  readonly noTerraform?: string;
  /** Without a provider, real or with its schema alone: why. */
  readonly noProvider?: string;
  /** Terraform's CLI configuration, in which the schema takes the provider's place; left out, the registry's is fetched. */
  readonly cliConfig?: string;
}

/**
 * Looks for terraform, and makes the provider that knows the schema alone where Go is there, once. With
 * `KOS_TERRAFORM_PROVIDER=registry` the real one is fetched instead.
 */
export async function findMeans(): Promise<Means> {
  const version = await tryRun("terraform", ["version", "-json"]);
  const [major, minor] =
    /"terraform_version": "(\d+)\.(\d+)/.exec(version?.text ?? "")?.slice(1).map(Number) ?? [];
  if (major === undefined || minor === undefined) {
    return { noTerraform: "no terraform", noProvider: "no terraform" };
  }
  if (major === 1 && minor < 9) {
    const old = `terraform ${major}.${minor}, which is older than 1.9`;
    return { noTerraform: old, noProvider: old };
  }
  if (Deno.env.get("KOS_TERRAFORM_PROVIDER") === "registry") return {};
  const go = await tryRun("go", ["version"]);
  if (!go?.success) {
    return { noProvider: "no Go to build the schema's provider (or set KOS_TERRAFORM_PROVIDER=registry)" };
  }
  const modules = await tryRun("go", ["-C", PROVIDER, "mod", "download"], 300_000);
  if (!modules?.success) return { noProvider: `no Go modules: ${modules?.text.trim()}` };
  return { cliConfig: join(await buildProvider(), "terraformrc") };
}

async function buildProvider(): Promise<string> {
  const sources = await Promise.all(PROVIDER_FILES.map((file) => Deno.readTextFile(join(PROVIDER, file))));
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(sources.join("\0")));
  const into = join(cacheDir(), `terraform-google-schema-${new Uint8Array(hash).toHex().slice(0, 12)}`);
  return await fillOnce(into, async (dir) => {
    const args = [
      "-C",
      PROVIDER,
      "build",
      "-mod=readonly",
      "-trimpath",
      "-o",
      join(dir, "terraform-provider-google"),
      ".",
    ];
    const built = await tryRun("go", args, 600_000);
    if (!built?.success) {
      throw new ScriptError(`Cannot build the schema's provider: received "${built?.text.trim()}" from go`);
    }
    const config = `provider_installation {\n  dev_overrides {\n    "hashicorp/google" = ${
      JSON.stringify(into)
    }\n  }\n}\n`;
    await Deno.writeTextFile(join(dir, "terraformrc"), config);
  });
}

/** Gives `body` a copy of the module, changed by `edit`, that leaves the one in the tree as it is. */
export async function withModule(
  means: Means,
  body: (terraform: Terraform) => Promise<void>,
  edit: (file: string, text: string) => string = (_, text) => text,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "kos-terraform-" });
  try {
    await copy(MODULE, dir, edit);
    const terraform: Terraform = async (...args) => {
      const { success, stdout, stderr } = await new Deno.Command("terraform", {
        args,
        cwd: dir,
        // Without a configuration of the machine's: its mirrors and plugins are not what is tested.
        env: { TF_CLI_CONFIG_FILE: means.cliConfig ?? "", TF_IN_AUTOMATION: "1", CHECKPOINT_DISABLE: "1" },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).output();
      const decoder = new TextDecoder();
      return { success, text: decoder.decode(stdout) + decoder.decode(stderr) };
    };
    if (means.noProvider === undefined && means.cliConfig === undefined) {
      const init = await terraform("init", "-backend=false", "-input=false", "-no-color");
      if (!init.success) throw new ScriptError(`Cannot fetch the provider: received "${init.text.trim()}"`);
    }
    await body(terraform);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function copy(from: string, to: string, edit: (file: string, text: string) => string): Promise<void> {
  for await (const entry of Deno.readDir(from)) {
    // The sources alone: .terraform and a state beside them belong to somebody's cluster.
    if (entry.isDirectory && entry.name === "tests") {
      await Deno.mkdir(join(to, entry.name));
      await copy(join(from, entry.name), join(to, entry.name), edit);
    } else if (/\.(tf|hcl)$/.test(entry.name)) {
      await Deno.writeTextFile(
        join(to, entry.name),
        edit(entry.name, await Deno.readTextFile(join(from, entry.name))),
      );
    }
  }
}
