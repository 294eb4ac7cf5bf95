/**
 * What a new project tells its reader.
 *
 * @module
 */
import { type Commands, FIRST_VERSION, type Project, type ProjectFile } from "../project.ts";

/** The chart, as it is published. */
const CHART = "oci://ghcr.io/kos-streams/charts/kos";

/** The readme. */
export function readmeFile(project: Project, commands: Commands): ProjectFile {
  const { name, input, output } = project;
  const install = commands.install === undefined ? "" : `${commands.install}\n`;
  const build = commands.build === undefined ? "" : `${commands.build} && `;
  const text = `# ${name}

Reads orders from the topic \`${input}\`, sums them by customer and minute,
and writes the sums to \`${output}\`. What is no order goes to
\`${name}-dead-letters\`, with the reason in the record's headers.

- \`topology.ts\`: what the application does
- \`topology_test.ts\`: its tests, which need no Kafka
- \`main.ts\`: the program; \`${commands.help}\` lists its flags
- \`send.ts\`, \`show.ts\`: write orders and show what came out, to try it
- \`Dockerfile\`: its image
- \`values.yaml\`: its values for the chart of kos

## Test it

\`\`\`sh
${install}${commands.test}
${commands.check}
\`\`\`

## Run it

It needs a Kafka on localhost:9092, or where \`KAFKA_BROKERS\` says. This starts
one, and so does \`deno task kafka\` in a checkout of kos, without Docker:

\`\`\`sh
docker run --rm -d --name kafka -p 9092:9092 apache/kafka:4.3.1
\`\`\`

Then, in three terminals:

\`\`\`sh
KOS_STORES_PORT=9021 ${commands.start}
\`\`\`

\`\`\`sh
${commands.show}
\`\`\`

\`\`\`sh
${commands.send}
curl -s localhost:9021/stores/sums
curl -s localhost:9001/metrics | grep kos_consumer_lag_records
\`\`\`

State is read on a port that is there only where it is asked for, and only by
this machine without a token. What is sent by \`${commands.send} nonsense\` is no order; this shows it, with
the reason:

\`\`\`sh
${commands.show} ${name}-dead-letters
\`\`\`

Topics are created where they are missing. \`/healthz\` and \`/readyz\` are on the
same port; SIGTERM and Ctrl-C end it in order.

## Deploy it

Build the image, and put it where the cluster gets its images:

\`\`\`sh
${build}docker build -t ${name}:${FIRST_VERSION} .
\`\`\`

Install it with the chart of kos, which scales it by its load, what comes and
is left by what a pod can do, and by the lag of \`${input}\`. In a checkout of
kos the chart is \`charts/kos\`.

\`\`\`sh
helm install ${name} ${CHART} -f values.yaml
\`\`\`
`;
  return { name: "README.md", text };
}
