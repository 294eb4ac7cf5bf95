/**
 * The flags of `deno task e2e:cluster`.
 *
 * @module
 */
import { duration, integer, integers, rate, text } from "../../src/cli/parsers.ts";
import { type Program, toggle } from "../../src/cli/program.ts";

/** The flags' values. Times are in ms, rates in records a second. */
export interface Flags {
  readonly namespace: string;
  readonly values: readonly string[];
  readonly set: readonly string[];
  readonly imagePrefix?: string;
  readonly imageTag?: string;
  readonly pullPolicy?: string;
  readonly machines?: number;
  readonly low?: number;
  readonly high?: number;
  readonly constant?: number;
  readonly steps?: readonly number[];
  readonly hold: number;
  readonly within: number;
  readonly rest: number;
  readonly maxTurns: number;
  readonly out: string;
  readonly title: string;
  readonly keep: boolean;
}

/** The generator's rate as the chart has it. */
export const LOW = 1_000;
/** The task and its flags. */
export const E2E_CLUSTER: Program<Flags> = {
  name: "e2e:cluster",
  task: true,
  description:
    "Installs charts/kos, with no value but those that flags ask for, into the cluster that KUBECONFIG names, raises the generator's " +
    "rate until the autoscaler is at its largest, lowers it until it is at its least, runs helm test, upgrades, rolls back and " +
    "uninstalls; no pod may be killed, and nothing left. Each second is recorded, to timeline.csv and timeline.svg; beside them is " +
    "what kubectl describe hpa says. The cluster needs Prometheus and the prometheus-adapter with the chart's rules " +
    "(docs/kubernetes.md), and the images: deno task image.",
  prefix: "KOS_E2E_",
  flags: {
    namespace: {
      value: "<name>",
      text: "created for this and removed at the end; it must not be there",
      parse: text("a namespace"),
      default: "kos-e2e",
    },
    values: {
      short: "f",
      value: "<file>",
      text: "a values file for helm; may be repeated",
      parse: oneText,
      default: [],
      repeated: true,
      variable: false,
    },
    set: {
      value: "<key=value>",
      text: "a value for helm; may be repeated",
      parse: oneText,
      default: [],
      repeated: true,
      variable: false,
    },
    imagePrefix: {
      value: "<prefix>",
      text: "before the program's name in the images'",
      parse: text("a prefix"),
      variable: "KOS_IMAGE_PREFIX",
      defaultText: "the chart's",
    },
    imageTag: {
      value: "<tag>",
      text: "of both images",
      parse: text("a tag"),
      variable: "KOS_IMAGE_TAG",
      defaultText: "the chart's",
    },
    pullPolicy: {
      value: "<policy>",
      text: "of both images",
      parse: text("a policy"),
      defaultText: "the chart's",
    },
    machines: {
      value: "<count>",
      text:
        "how many arcade machines send frames: few at a high rate share keys, and joins grow with their square",
      parse: integer({ min: 1, max: 100_000 }),
      defaultText: "as many as a rate needs",
    },
    low: {
      value: "<rate>",
      text: "records a second before and after",
      parse: rate(),
      defaultText: `the chart's, ${LOW}`,
    },
    high: {
      value: "<rate>",
      text: "records a second in between: more than the pods can process, so that lag builds up",
      parse: rate(),
      defaultText: "what the chart's notes name: half as much again as the targets of all pods",
    },
    constant: {
      value: "<rate>",
      text: "instead of the step: this many records a second for the time of --hold",
      parse: rate(),
    },
    steps: {
      value: "<rates>",
      text: "instead of the high rate: these, one after another, as 20000,40000; no peak is expected then",
      parse: integers({ min: 1 }),
    },
    hold: {
      value: "<time>",
      text: "how long the high or constant rate is kept, or each of the steps",
      parse: duration({ min: 1_000 }),
      default: 90_000,
      defaultText: "90s",
    },
    within: {
      value: "<time>",
      text: "how soon the largest number of replicas has to be asked for",
      parse: duration({ min: 1_000 }),
      default: 90_000,
      defaultText: "90s",
    },
    rest: {
      value: "<time>",
      text: "how long coming back to the least may take",
      parse: duration({ min: 1_000 }),
      default: 900_000,
      defaultText: "15m",
    },
    maxTurns: {
      value: "<count>",
      text: "how often scaling may turn round; a step up and down is one turn",
      parse: integer({ max: 1_000 }),
      default: 1,
    },
    out: { value: "<dir>", text: "where the files go", parse: text("a folder"), default: "dist/e2e" },
    title: {
      value: "<text>",
      text: "of the plot",
      parse: text("a title"),
      default: "Replicas follow the load",
    },
    keep: toggle("leave the release and its namespace"),
  },
};

function oneText(value: string): string[] {
  return [value];
}
