/**
 * What makes a new project one of Deno's.
 *
 * @module
 */
import { type Commands, FIRST_VERSION, type Project, type ProjectFile, type Source } from "../project.ts";

/** The Deno that images are built with: the one that kos is tested with. */
const DENO_VERSION = "2.9.6";

/** What an application may do: the network, its variables, its authorities, its state on disk, its limits. */
const PERMISSIONS = {
  net: true,
  read: ["/etc/kos", "/var/lib/kos", ".kos", "/sys/fs/cgroup/cpu.max"],
  write: ["/var/lib/kos", ".kos"],
  env: [
    "KOS_*",
    "KAFKA_BROKERS",
    "SCHEMA_REGISTRY",
    "API_KEY",
    "SECRET_KEY",
    "CLOUD",
    "KAFKA_CA",
    "KAFKAJS_*",
    "NODE_ENV",
  ],
  sys: ["hostname", "systemMemoryInfo"],
};

/** What is typed in a project for Deno. */
export const DENO_COMMANDS: Commands = {
  test: task("test"),
  check: task("check"),
  start: task("start"),
  help: task("start --help"),
  send: task("send"),
  show: task("show"),
  build: task("build"),
};

function task(name: string): string {
  return `deno task ${name}`;
}

/** The files that only a project for Deno has. */
export function denoFiles(project: Project): ProjectFile[] {
  return [
    { name: "deno.json", text: denoJson(project.source) },
    { name: "Dockerfile", text: dockerfile(project) },
    { name: ".dockerignore", text: "# What the image is built of, and nothing else.\n*\n!dist/main.js\n" },
    { name: ".gitignore", text: "/dist/\n/.kos/\n" },
  ];
}

function denoJson(source: Source): string {
  const config = {
    tasks: {
      start: "deno run -q -P main.ts",
      send: "deno run -q -P send.ts",
      show: "deno run -q -P show.ts",
      test: "deno test --allow-env=KAFKAJS_*,NODE_ENV",
      check: "deno fmt --check && deno lint && deno check",
      build: "deno bundle -q --check --output=dist/main.js main.ts",
    },
    imports: importsOf(source),
    // A checkout takes the registry's place, with the packages that it imports itself.
    ...(source.kind === "checkout" ? { links: [source.path] } : {}),
    permissions: { default: PERMISSIONS },
    // Lines of Markdown stay as they are, whatever the length of names in them.
    fmt: { proseWrap: "preserve" },
    exclude: ["dist"],
  };
  return JSON.stringify(config, undefined, 2) + "\n";
}

function importsOf(source: Source): Record<string, string> {
  switch (source.kind) {
    case "registry":
      return { "@kos/kos": source.specifier };
    case "checkout":
      return { "@kos/kos": `jsr:@kos/kos@^${source.version}` };
    case "packed":
      throw new TypeError("Cannot import a packed file of npm: received one for Deno; give a checkout");
  }
}

function dockerfile({ name }: Project): string {
  const { read, write, env, sys } = PERMISSIONS;
  // In an image state is kept only where a volume may be.
  const places = (paths: readonly string[]): string => paths.filter((path) => path.startsWith("/")).join();
  const entrypoint = [
    "/usr/local/bin/deno",
    "run",
    "--quiet",
    "--no-config",
    "--cached-only",
    "--no-prompt",
    "--allow-net",
    `--allow-env=${env.join()}`,
    `--allow-read=${places(read)}`,
    `--allow-write=${places(write)}`,
    `--allow-sys=${sys.join()}`,
    "/app/main.js",
  ];
  return `# ${name}: Deno, and the program as one script. It downloads nothing when it
# runs, may do no more than is said below, and needs no root and no file system
# to write to.
#
#   deno task build && docker build -t ${name}:${FIRST_VERSION} .

# Has the deno command and a shell.
ARG DENO_IMAGE=docker.io/denoland/deno:${DENO_VERSION}
# Needs glibc and libgcc alone.
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12

FROM \${DENO_IMAGE} AS deno
RUN cp "$(command -v deno)" /tmp/deno

FROM \${BASE_IMAGE}
# The large and seldom changing layer first.
COPY --from=deno /tmp/deno /usr/local/bin/deno
COPY dist/main.js /app/main.js
ENV DENO_DIR=/tmp/deno-cache DENO_NO_UPDATE_CHECK=1
USER 65532:65532
EXPOSE 9001
ENTRYPOINT ${list(entrypoint)}
`;
}

/** A list as Docker reads it, one item a line. */
function list(items: readonly string[]): string {
  return `["${items.join('", \\\n  "')}"]`;
}
