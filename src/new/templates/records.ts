/**
 * What a new project is tried with: its writer and its reader of records.
 *
 * @module
 */
import { TOPOLOGY } from "./code.ts";

/** The module that writes orders. */
export function sendFile(): string {
  return `/**
 * Writes orders to try the program with: ten, or so many as the argument says.
 * Arguments that are no number are written as they are, each as a record.
 *
 * @module
 */
import process from "node:process";
import { connectionConfig, openKafkaLog, whole } from "@kos/kos";
import { INPUT, type Order } from "${TOPOLOGY}";

const CUSTOMERS = ["ann", "bob", "eve"];

function orders(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const order: Order = { customer: CUSTOMERS[i % 3]!, cents: 100 + i };
    return JSON.stringify(order);
  });
}

const [first = "10", ...others] = process.argv.slice(2);
const values = /^\\d+$/.test(first) ? orders(Number(first)) : [first, ...others];
const log = await openKafkaLog(connectionConfig((name) => process.env[name]));
try {
  const topic = (await log.describeTopics([INPUT])).get(INPUT);
  if (topic === undefined) {
    throw new Error(\`there is no topic \${INPUT}; start the program first\`);
  }
  const producer = log.producer();
  for (const [i, value] of values.entries()) {
    const bytes = whole(new TextEncoder().encode(value));
    producer.append(INPUT, i % topic.partitions, Date.now(), null, bytes);
  }
  await producer.close();
  process.stdout.write(\`wrote \${values.length} records to \${INPUT}\\n\`);
} catch (error) {
  process.stderr.write(\`Cannot send: \${(error as Error).message}\\n\`);
  process.exitCode = 1;
} finally {
  await log.close();
}
`;
}

/** The module that shows what came out. */
export function showFile(): string {
  return `/**
 * Shows what came out and what comes, until it is interrupted: the sums, or the
 * records of the topic that the argument names, such as the dead letters.
 *
 * @module
 */
import process from "node:process";
import { connectionConfig, openKafkaLog } from "@kos/kos";
import { OUTPUT } from "${TOPOLOGY}";

/** The header of a dead letter that says why it is one. */
const WHY = "__streams.errors.message";

function text(bytes: Uint8Array | null | undefined): string {
  return bytes ? new TextDecoder().decode(bytes) : "-";
}

const [name = OUTPUT] = process.argv.slice(2);
const log = await openKafkaLog(connectionConfig((name) => process.env[name]));
try {
  const topic = (await log.describeTopics([name])).get(name);
  if (topic === undefined) {
    throw new Error(\`there is no topic \${name}; has the program run?\`);
  }
  const fetcher = log.fetcher();
  for (let partition = 0; partition < topic.partitions; partition++) {
    fetcher.assign({ topic: name, partition }, 0);
  }
  for (;;) {
    for (const records of await fetcher.poll(1_000)) {
      for (let i = 0; i < records.count; i++) {
        const why = records.headers(i).find(({ key }) => key === WHY)?.value;
        const parts = [records.key(i), records.value(i), ...(why ? [why] : [])];
        process.stdout.write(\`\${parts.map(text).join("  ")}\\n\`);
      }
    }
  }
} catch (error) {
  process.stderr.write(\`Cannot show: \${(error as Error).message}\\n\`);
  process.exitCode = 1;
} finally {
  await log.close();
}
`;
}
