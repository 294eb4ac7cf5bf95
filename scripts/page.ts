/**
 * `deno task page`: the live page of what runs already. See `--help`.
 *
 * @module
 */
import { parseArguments, UsageError } from "../src/cli/arguments.ts";
import { aborted, main, messageOf } from "../src/cli/main.ts";
import { createLogger } from "../src/cli/log.ts";
import { integer, InvalidValue, port, text, url, userIn } from "../src/cli/parsers.ts";
import type { Program } from "../src/cli/program.ts";
import { progress, say } from "../src/cli/write.ts";
import { instancesSource, remoteInstances } from "../src/dashboard/instances_source.ts";
import { prometheusSource } from "../src/dashboard/prometheus_source.ts";
import { DEFAULT_PAGE_PORT, servePage } from "../src/dashboard/serve_page.ts";
import type { PageSource } from "../src/dashboard/source.ts";
import { tokenFor } from "../src/metrics/access.ts";
import { advised } from "../src/scaling/advised_source.ts";
import { Advisor } from "../src/scaling/advisor.ts";
import { advisorLog } from "../src/scaling/advisor_log.ts";
import { scalingRoutes } from "../src/scaling/routes.ts";

interface Flags {
  readonly prometheus?: string;
  readonly namespace?: string;
  readonly pods?: string;
  readonly instances?: readonly string[];
  readonly min: number;
  readonly max?: number;
  readonly sloSeconds: number;
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string;
}

/** The task and its flags. */
export const PAGE: Program<Flags> = {
  name: "page",
  task: true,
  description:
    "Serves the live page of an application that runs: of its instances, each at its metrics port, or of what a Prometheus " +
    "has of them, such as a cluster's behind kubectl port-forward. For this machine's browsers. It recommends how " +
    "many instances there should be, and says why: on the page, at /scaling, in /metrics and in its log.",
  prefix: "KOS_PAGE_",
  flags: {
    prometheus: {
      value: "<url>",
      text: "the Prometheus to ask, such as http://localhost:9090",
      parse: url(),
      secretIn: userIn,
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
    min: {
      value: "<count>",
      text: "of instances at least, that are recommended",
      parse: integer({ min: 1, max: 10_000 }),
      default: 1,
    },
    max: {
      value: "<count>",
      text: "of instances at most, that are recommended",
      parse: integer({ min: 1, max: 10_000 }),
      defaultText: "as many as partitions",
    },
    sloSeconds: {
      value: "<seconds>",
      text: "that the oldest record may be old, which the recommendation aims at",
      parse: integer({ min: 1 }),
      default: 60,
    },
    host: {
      value: "<address>",
      text: "where to listen: 0.0.0.0 for whoever scales by /scaling or /metrics, who needs a token",
      parse: text("an address"),
      default: "127.0.0.1",
    },
    port: {
      value: "<port>",
      text: "the page's own; 0 for any free one",
      parse: port(),
      default: DEFAULT_PAGE_PORT,
    },
    tokenFile: {
      value: "<file>",
      text: "with the token that other machines bring; or KOS_PAGE_TOKEN is the token itself",
      parse: text("a file"),
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

/** Recommends by what the page shows. @throws {UsageError} When the bounds contradict each other. */
function advisorOf({ min, max = Infinity, sloSeconds }: Flags): Advisor {
  if (max < min) {
    throw new UsageError(`Cannot recommend anything: received --max ${max} below --min ${min}; raise --max`);
  }
  const told = advisorLog(createLogger({ name: "page" }));
  // Until they are measured, what it takes to start one and to restore are the recommender's own guesses.
  return new Advisor({ minReplicas: min, maxReplicas: max, sloSeconds, warmUp: true, told });
}

if (import.meta.main) {
  await main("page", async (signal) => {
    const flags = parseArguments(PAGE, Deno.args);
    const advisor = advisorOf(flags);
    const token = await tokenFor("the page", flags.host, "--host", {
      value: Deno.env.get("KOS_PAGE_TOKEN"),
      file: flags.tokenFile,
      variable: "KOS_PAGE_TOKEN",
      flag: "--token-file",
    });
    const server = await servePage({
      source: advised(sourceOf(flags), advisor),
      routes: scalingRoutes(advisor),
      host: flags.host,
      token,
      port: flags.port,
      onError: (error) => progress(`page: ${messageOf(error)}`),
    });
    say(`the page is at ${server.url}`);
    await aborted(signal);
    await server.close();
  });
}
