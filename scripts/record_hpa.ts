/**
 * `deno task record:hpa`: timelines of the autoscaler's real controller. See `--help`.
 *
 * @module
 */
import { join } from "@std/path";
import { parseArguments } from "../src/cli/arguments.ts";
import { main } from "../src/cli/main.ts";
import { text } from "../src/cli/parsers.ts";
import type { Program } from "../src/cli/program.ts";
import { say } from "../src/cli/write.ts";
import { autoscalersOf } from "./record_hpa/autoscalers.ts";
import { type Recording, recordingText } from "./record_hpa/recording.ts";
import { recordingsOf } from "./record_hpa/syncs.ts";
import { ScriptError } from "./support/errors.ts";

interface Flags {
  readonly log: string;
  readonly pods: string;
  readonly hpas: string;
  readonly out: string;
}

/** The task and its flags. */
export const RECORD_HPA: Program<Flags> = {
  name: "record:hpa",
  task: true,
  description:
    "Makes timelines of HorizontalPodAutoscalers from what their controller logged: for each of its syncs\n" +
    "the pods, their metrics, the proposal and the replicas, as the tests of the autoscaler replay them.",
  flags: {
    log: {
      value: "<file>",
      text: "the log of kube-controller-manager, from before the autoscalers were made",
      parse: text("a file"),
      default: "kcm.log",
    },
    pods: {
      value: "<file>",
      text: "the watch of the pods, begun before the autoscalers were made",
      parse: text("a file"),
      default: "pods.json",
    },
    hpas: {
      value: "<file>",
      text: "the autoscalers, all of one namespace and on metrics of type Pods with an average value",
      parse: text("a file"),
      default: "hpas.json",
    },
    out: {
      value: "<folder>",
      text: "gets a file for each autoscaler, by its name",
      parse: text("a folder"),
      default: "tests/autoscale/recorded",
    },
  },
  sections: [
    {
      title: "What to record",
      paragraphs: [
        "A cluster whose control plane takes flags, such as one of kubeadm or kind, with kube-controller-manager " +
        "started with",
        "  --vmodule=horizontal=4,replica_set=4,request=10,client=10,versioned_client=10",
        "  --kube-api-content-type=application/json",
        "which log the syncs, the pods' versions, and the answers to the controller's requests. Then:",
        "  kubectl get pods -n NAMESPACE --watch --output-watch-events -o json > pods.json &",
        "  kubectl apply -n NAMESPACE -f AUTOSCALERS",
        "  kubectl get hpa -n NAMESPACE -o json > hpas.json",
        "The controller remembers an autoscaler from its first sync on: so the log must have that one.",
      ],
    },
  ],
};

/** Writes the timelines. */
export async function recordHpa(args: readonly string[], tell: (line: string) => void): Promise<void> {
  const { log, pods, hpas, out } = parseArguments(RECORD_HPA, args);
  const [logged, watched, made] = await Promise.all([log, pods, hpas].map((file) => Deno.readTextFile(file)));
  const recordings = recordingsOf(autoscalersOf(made!), logged!, watched!);
  for (const [name, recording] of recordings) checkWhole(name, recording);
  await Deno.mkdir(out, { recursive: true });
  for (const [name, recording] of recordings) {
    const file = join(out, `${name}.jsonl`);
    await Deno.writeTextFile(file, recordingText(recording));
    tell(`${file}: ${recording.syncs.length} syncs`);
  }
}

function checkWhole(name: string, { syncs }: Recording): void {
  if (syncs.length > 0) return;
  throw new ScriptError(
    `Cannot record ${name}: the log has no sync of it; see --help for kube-controller-manager's flags`,
  );
}

if (import.meta.main) await main("record:hpa", () => recordHpa(Deno.args, say));
