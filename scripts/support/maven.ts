import { join } from "@std/path";
import { fillOnce } from "./cache.ts";
import { commandWorks } from "./commands.ts";
import { ScriptError } from "./errors.ts";

/** Pinned: the build of a folder of jars must not change by itself. */
const DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";

/** What to fetch from Maven's repositories (the user's settings and mirrors hold). */
export interface MavenRequest {
  /** What it is, for messages: `Kafka 4.3.1`. */
  readonly what: string;
  /** `group:artifact:version`, or with a type and a classifier `group:artifact:version:type:classifier`. */
  readonly artifacts: readonly string[];
  /** The folder to put the files in; when it is there already, nothing is done. */
  readonly into: string;
  /** Whether to fetch what they depend on at run time too. Default true. */
  readonly transitive?: boolean;
  /** Works on the files before the folder gets its name, such as unpacking; a failure leaves nothing behind. */
  readonly prepare?: (dir: string) => Promise<void>;
  /** Told of the progress, a line at a time. */
  readonly report: (line: string) => void;
}

/** Whether `mvn` is there. */
export async function mavenWorks(): Promise<boolean> {
  return await commandWorks("mvn", ["--version"]);
}

/**
 * Fetches artifacts into a folder, once: the next call finds them there. Checksums are verified by Maven.
 *
 * @returns The folder.
 * @throws {ScriptError} Without Maven, without a network, or when an artifact does not exist.
 */
export async function mavenFiles(request: MavenRequest): Promise<string> {
  return await fillOnce(request.into, async (dir) => {
    const pom = join(dir, "pom.xml");
    await Deno.writeTextFile(pom, pomOf(request.artifacts, request.transitive));
    request.report(`Fetching ${request.what} from Maven's repositories`);
    await copyDependencies(request, pom, dir);
    await Deno.remove(pom);
    await request.prepare?.(dir);
  });
}

/** A pom whose dependencies are the artifacts, with what they depend on or without. @throws {ScriptError} When one is no Maven coordinates. */
export function pomOf(artifacts: readonly string[], transitive = true): string {
  // Excluded here too: Maven would read the poms of all of them first, also from repositories that can't be reached.
  const excluded = transitive
    ? ""
    : "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>";
  const dependencies = artifacts.map((coordinates) => {
    const parts = coordinates.split(":");
    const [group, artifact, version, type = "jar", classifier] = parts;
    if (parts.length < 3 || parts.length > 5 || parts.some((part) => !/^[\w.-]+$/.test(part))) {
      throw new ScriptError(
        `Cannot fetch from Maven: received "${coordinates}"; coordinates are group:artifact:version[:type[:classifier]]`,
      );
    }
    const classified = classifier ? `<classifier>${classifier}</classifier>` : "";
    return `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>` +
      `<type>${type}</type>${classified}${excluded}</dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>kos</groupId><artifactId>fetched</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
${dependencies.join("\n")}
  </dependencies>
</project>
`;
}

async function copyDependencies(request: MavenRequest, pom: string, dir: string): Promise<void> {
  const child = spawnMaven([
    "--batch-mode",
    "--strict-checksums",
    "--file",
    pom,
    `${DEPENDENCY_PLUGIN}:copy-dependencies`,
    `-DoutputDirectory=${dir}`,
    "-DincludeScope=runtime",
    `-DexcludeTransitive=${request.transitive === false}`,
  ]);
  const errors: string[] = [];
  let files = 0;
  let reported = Date.now();
  let pending = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (pending + chunk).split("\n");
    pending = lines.pop()!;
    for (const line of lines) {
      if (line.includes("[ERROR]")) errors.push(line.replace(/^.*\[ERROR\]\s*/, "").trim());
      // The pom files come first and are small, so only the others tell of progress.
      if (/Downloaded from .*(?<!\.pom) \(/.test(line)) files++;
    }
    if (Date.now() - reported > 2000) {
      reported = Date.now();
      request.report(`Fetching ${request.what}: ${files} files so far`);
    }
  }
  if (!(await child.status).success) throw failure(request, errors.filter((line) => line !== ""));
}

function spawnMaven(args: string[]): Deno.ChildProcess {
  try {
    // Without colours, whose codes would stand in the middle of the messages.
    const uncoloured = ["-Dstyle.color=never", ...args];
    return new Deno.Command("mvn", { args: uncoloured, stdin: "null", stdout: "piped", stderr: "null" })
      .spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new ScriptError("Cannot run mvn: received no such command; install Maven, and Java 17 or newer", {
      cause: error,
    });
  }
}

function failure(request: MavenRequest, errors: readonly string[]): ScriptError {
  const text = errors.join("\n");
  const first = errors[0] ?? "no error message";
  const network =
    /Unknown host|Name or service not known|Temporary failure|onnection (refused|reset|timed out)|connect timed out|Network is unreachable|No route to host|offline mode/;
  const remedy = network.test(text)
    ? "connect to the network once (or set a mirror in Maven's settings.xml); afterwards the files come from the cache"
    : "see `mvn --version` and Maven's settings.xml";
  return new ScriptError(
    `Cannot fetch ${request.what} by Maven: received "${first.slice(0, 600)}"; ${remedy}`,
  );
}
