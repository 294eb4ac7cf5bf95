/**
 * What makes a new project one of Node.js.
 *
 * @module
 */
import { basename } from "node:path";
import { type Commands, FIRST_VERSION, type Project, type ProjectFile, type Source } from "../project.ts";

/** The first Node.js that runs TypeScript as it is. */
export const NODE_VERSION = "22.18";

/** What is typed in a project for Node.js. */
export const NODE_COMMANDS: Commands = {
  install: "npm install",
  test: "npm test",
  check: "npm run check",
  start: "npm start",
  help: "npm start -- --help",
  send: "npm run send",
  show: "npm run show",
};

/** The files that only a project for Node.js has. */
export function nodeFiles(project: Project): ProjectFile[] {
  return [
    { name: "package.json", text: packageJson(project) },
    { name: "tsconfig.json", text: tsconfig() },
    { name: "Dockerfile", text: dockerfile(project) },
    { name: ".dockerignore", text: dockerignore() },
    { name: ".gitignore", text: "/node_modules/\n/.kos/\n" },
  ];
}

function packageJson({ name, source }: Project): string {
  const config = {
    name,
    version: FIRST_VERSION,
    private: true,
    type: "module",
    engines: { node: `>=${NODE_VERSION}` },
    scripts: {
      start: "node main.ts",
      send: "node send.ts",
      show: "node show.ts",
      test: "node --test topology_test.ts",
      check: "tsc",
    },
    dependencies: { "@kos/kos": dependencyOf(source) },
    devDependencies: { "@types/node": `^${NODE_VERSION}.0`, typescript: "^5.9.0" },
  };
  return JSON.stringify(config, undefined, 2) + "\n";
}

function dependencyOf(source: Source): string {
  switch (source.kind) {
    case "registry":
      // Without what npm knows by itself: npm:@kos/kos@^0.1.0 is ^0.1.0.
      return /^npm:\/?@kos\/kos@(.+)$/.exec(source.specifier)?.[1] ?? source.specifier;
    case "packed":
      return `file:${basename(source.path)}`;
    case "checkout":
      throw new TypeError("Cannot depend on a checkout: received one for Node.js; give a packed file");
  }
}

function tsconfig(): string {
  const compilerOptions = {
    target: "es2024",
    module: "nodenext",
    types: ["node"],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    // What Node.js runs as it is.
    allowImportingTsExtensions: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
  };
  return JSON.stringify({ compilerOptions }, undefined, 2) + "\n";
}

function dockerfile({ name, source }: Project): string {
  const packages = ["package.json", "package-lock.json", ...(source.kind === "packed" ? ["*.tgz"] : [])];
  return `# ${name}: Node.js, the program and what it imports. It needs no root and no
# file system to write to.
#
#   docker build -t ${name}:${FIRST_VERSION} .

# Has node ${NODE_VERSION} or newer, and npm.
ARG NODE_IMAGE=docker.io/library/node:22-slim

FROM \${NODE_IMAGE}
WORKDIR /app
# The large and seldom changing layer first.
COPY ${packages.join(" ")} ./
RUN npm ci --omit=dev && npm cache clean --force
COPY *.ts ./
ENV NODE_ENV=production
USER 65532:65532
EXPOSE 9001
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "/app/main.ts"]
`;
}

function dockerignore(): string {
  return "# What the image is built of, and nothing else.\n*\n!package*.json\n!*.tgz\n!*.ts\n";
}
