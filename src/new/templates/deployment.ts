/**
 * What a new project is deployed with.
 *
 * @module
 */
import { FIRST_VERSION, type Project, type ProjectFile } from "../project.ts";

/** The values of the chart `kos`. */
export function valuesFile({ name, input }: Project): ProjectFile {
  const text = `# Values of the chart kos for ${name}: README.md says how it is installed, and
# \`helm show values\` what else can be set.
app:
  name: ${name}
  image:
    repository: ${name}
    tag: ${FIRST_VERSION}
  # Names the consumer group and the changelogs: one release a cluster.
  applicationId: ${name}
  # The program's own flags, by name.
  flags:
    window: 1m
  # More arguments, and variables as a container's \`env\`.
  args: []
  env: []
  # What is no order is kept for a look, in the topic ${name}-dead-letters.
  onUndecodable: dead-letter

# The topics whose lag the autoscaler looks at, the alerts and the dashboard.
inputTopics:
  - ${JSON.stringify(input)}

autoscaling:
  # Beside the load, which is what comes and is left by what a pod can do: so
  # many records of a topic that are left ask for a pod each.
  lag:
    enabled: true
    targetPerPod: 100000

# The load generator of kos is for its own demonstration.
generator:
  enabled: false

kafka:
  # Bootstrap servers, with commas between. Empty: those of the Secret
  # confluent-secrets, or else a small Kafka in the cluster, to try it out.
  brokers: ""
`;
  return { name: "values.yaml", text };
}
