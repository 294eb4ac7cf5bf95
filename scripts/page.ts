/**
 * `deno task page`: the live page of what runs already. See `--help`.
 *
 * @module
 */
import { parseArguments, UsageError } from "../src/cli/arguments.ts";
import { aborted, main, messageOf } from "../src/cli/main.ts";
import { InvalidValue, port, text, url } from "../src/cli/parsers.ts";
import type { Program } from "../src/cli/program.ts";
import { progress, say } from "../src/cli/write.ts";
import { instancesSource, remoteInstances } from "../src/dashboard/instances_source.ts";
import { prometheusSource } from "../src/dashboard/prometheus_source.ts";
import { DEFAULT_PAGE_PORT, servePage } from "../src/dashboard/serve_page.ts";
import type { PageSource } from "../src/dashboard/source.ts";

interface Flags {
  readonly prometheus?: string;
  readonly namespace?: string;
  readonly pods?: string;
  readonly instances?: readonly string[];
  readonly port: number;
}

/** The task and its flags. */
export const PAGE: Program<Flags> = {
  name: "page",
  task: true,
  description:
    "Serves the live page of an application that runs: of its instances, each at its metrics port, or of what a Prometheus " +
    "has of them, such as a cluster's behind kubectl port-forward. For this machine's browsers only.",
  prefix: "KOS_PAGE_",
  flags: {
    prometheus: {
      value: "<url>",
      text: "the Prometheus to ask, such as http://localhost:9090",
      parse: url(),
      excludes: ["instances"],
    },
    namespace: {
      value: "<name>",
      text: "only what is in this Kubernetes namespace",
      parse: text("a namespace"),
      excludes: ["instances"],
    },
    pods: {
      value: "<pattern>",
      text: "only pods whose whole name this regular expression matches, such as kstreams-.*",
      parse: text("a regular expression"),
      excludes: ["instances"],
    },
    instances: {
      value: "<host:port,…>",
      text: "the instances to ask instead, each at its metrics port",
      parse: endpoints,
      repeated: true,
    },
    port: {
      value: "<port>",
      text: "the page's own; 0 for any free one",
      parse: port(),
      default: DEFAULT_PAGE_PORT,
    },
  },
};

function endpoints(given: string): readonly string[] {
  const asked = given.split(",").map((each) => each.trim());
  if (asked.some((each) => remoteInstances([each]).length === 0)) {
    throw new InvalidValue("expected hosts and ports, such as localhost:9001,localhost:9002");
  }
  return asked;
}

/** The source that the flags name. @throws {UsageError} When they name none. */
function sourceOf({ prometheus, namespace, pods, instances }: Flags): PageSource {
  if (prometheus !== undefined) {
    return prometheusSource({
      url: prometheus,
      ...(namespace === undefined ? {} : { namespace }),
      ...(pods === undefined ? {} : { pods }),
    });
  }
  if (instances === undefined) {
    throw new UsageError(
      "Cannot show anything: received neither --prometheus nor --instances; name what is to be read",
    );
  }
  const asked = remoteInstances(instances);
  return instancesSource({ title: asked.map(({ name }) => name).join(", "), instances: () => asked });
}

if (import.meta.main) {
  await main("page", async (signal) => {
    const flags = parseArguments(PAGE, Deno.args);
    const server = await servePage({
      source: sourceOf(flags),
      port: flags.port,
      onError: (error) => progress(`page: ${messageOf(error)}`),
    });
    say(`the page is at ${server.url}`);
    await aborted(signal);
    await server.close();
  });
}
