/**
 * The code of a new project.
 *
 * @module
 */
import { FIRST_VERSION, type Project } from "../project.ts";

/** Where the other files import the topology from. */
export const TOPOLOGY = "./topology.ts";

/** How wide the formatter lets a line be. */
const WIDTH = 80;

/** The module of the topology: what the application does. */
export function topologyFile({ input, output }: Project): string {
  return `/**
 * What the application does: it sums each customer's orders by windows of time.
 *
 * @module
 */
import {
  jsonSerde,
  StreamsBuilder,
  stringSerde,
  TimeWindows,
  type Topology,
} from "@kos/kos";

/** The topic that orders are read from, as JSON. */
${constant("INPUT", input)}

/** The topic that the sums are written to, as JSON. */
${constant("OUTPUT", output)}

/** An order as it comes in. */
export interface Order {
  readonly customer: string;
  readonly cents: number;
}

/** What a customer ordered so far. */
interface Sum {
  readonly orders: number;
  readonly cents: number;
}

/** What a customer ordered in one window, as it goes out. */
export interface CustomerSum extends Sum {
  readonly customer: string;
  /** When the window begins. */
  readonly from: string;
}

/** The settings of the topology. */
export interface Settings {
  /** How long a window is, in ms. */
  readonly windowMs: number;
  /** How late an order may come to be counted, in ms. */
  readonly graceMs: number;
}

/** The topology; each order makes the sum of its window go out anew. */
export function orderSums({ windowMs, graceMs }: Settings): Topology {
  const orders = { key: stringSerde(), value: jsonSerde(parseOrder) };
  const sums = { key: stringSerde(), value: jsonSerde<CustomerSum>() };
  const builder = new StreamsBuilder();
  builder.stream(INPUT, orders)
    .groupBy((_key, { customer }) => customer, orders)
    .windowedBy(TimeWindows.ofSizeAndGrace(windowMs, graceMs))
    .aggregate<Sum>(() => ({ orders: 0, cents: 0 }), add, {
      name: "sums",
      value: jsonSerde<Sum>(),
    })
    .toStream()
    .filter((_key, sum) => sum !== null)
    .map(({ key: customer, startMs }, sum) => {
      const from = new Date(startMs).toISOString();
      return [\`\${customer}@\${from}\`, { customer, from, ...sum }];
    })
    .to(OUTPUT, sums);
  return builder.build();
}

function add(_customer: string, { cents }: Order, sum: Sum): Sum {
  return { orders: sum.orders + 1, cents: sum.cents + cents };
}

/**
 * Makes an order of parsed JSON. A record at which this throws goes to the dead
 * letters, with the reason in its headers. In its place \`jsonSerde\` takes a
 * schema of zod, valibot or ArkType as well.
 */
export function parseOrder(value: unknown): Order {
  const { customer, cents } = (value ?? {}) as Partial<Order>;
  if (typeof customer !== "string" || customer === "") {
    throw new TypeError("an order needs a customer, which is a text");
  }
  if (typeof cents !== "number" || !Number.isSafeInteger(cents)) {
    throw new TypeError("an order needs cents, which are a whole number");
  }
  return { customer, cents };
}
`;
}

/** A constant with a text, as the formatter writes it. */
function constant(name: string, value: string): string {
  const line = `export const ${name} = "${value}";`;
  return line.length <= WIDTH ? line : line.replace(" = ", " =\n  ");
}

/** The main module: the topology as a program. */
export function mainFile({ name }: Project): string {
  return `/**
 * The program: \`run\` gives the topology its flags, log, metrics, health, store
 * reads and signals. \`--help\` lists the flags; each has a variable.
 *
 * @module
 */
import { parsers, run } from "@kos/kos";
import { orderSums } from "${TOPOLOGY}";

await run(
  ({ flags }) => orderSums({ windowMs: flags.window, graceMs: flags.grace }),
  {
    applicationId: "${name}",
    description: "Sums each customer's orders by windows of time.",
    version: "${FIRST_VERSION}",
    // What is no order is kept for a look, instead of dropped.
    defaults: { onUndecodable: "dead-letter" },
    // Flags of its own, beside those of every program: --window and KOS_WINDOW.
    flags: {
      window: {
        value: "<time>",
        text: "how long a window is",
        parse: parsers.duration({ min: 1 }),
        default: 60_000,
        defaultText: "1m",
      },
      grace: {
        value: "<time>",
        text: "how late an order may come to be counted",
        parse: parsers.duration(),
        default: 10_000,
        defaultText: "10s",
      },
    },
  },
);
`;
}

/** The test of the topology, without Kafka; written for both runtimes. */
export function testFile(): string {
  return `/** The topology without Kafka: records go in, and what comes out is compared. */
import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { TopologyTestDriver } from "@kos/kos";
import {
  type CustomerSum,
  INPUT,
  orderSums,
  OUTPUT,
  parseOrder,
} from "${TOPOLOGY}";

const MINUTE = 60_000;

async function driverOf(): Promise<TopologyTestDriver> {
  const topology = orderSums({ windowMs: MINUTE, graceMs: 10_000 });
  return await TopologyTestDriver.create(topology);
}

function sumsIn(driver: TopologyTestDriver): CustomerSum[] {
  return driver.read<string, CustomerSum>(OUTPUT).map(({ value }) => value!);
}

test("orders of a minute are summed by customer", async () => {
  const driver = await driverOf();
  driver.pipe(INPUT, null, { customer: "ann", cents: 500 }, 0);
  driver.pipe(INPUT, null, { customer: "bob", cents: 300 }, 1_000);
  driver.pipe(INPUT, null, { customer: "ann", cents: 250 }, 59_999);
  driver.pipe(INPUT, null, { customer: "ann", cents: 100 }, MINUTE);
  const from = "1970-01-01T00:00:00.000Z";
  const next = "1970-01-01T00:01:00.000Z";
  deepEqual(sumsIn(driver), [
    { customer: "ann", from, orders: 1, cents: 500 },
    { customer: "bob", from, orders: 1, cents: 300 },
    { customer: "ann", from, orders: 2, cents: 750 },
    { customer: "ann", from: next, orders: 1, cents: 100 },
  ]);
  driver.close();
});

test("an order that comes too late is not counted", async () => {
  const driver = await driverOf();
  driver.pipe(INPUT, null, { customer: "ann", cents: 500 }, 2 * MINUTE);
  driver.pipe(INPUT, null, { customer: "ann", cents: 250 }, 0);
  equal(sumsIn(driver).length, 1);
  driver.close();
});

test("what is no order is refused, with the reason", () => {
  deepEqual(parseOrder({ customer: "ann", cents: 5 }), {
    customer: "ann",
    cents: 5,
  });
  throws(() => parseOrder({ cents: 5 }), /an order needs a customer/);
  throws(() => parseOrder({ customer: "ann", cents: "5" }), /needs cents/);
});
`;
}
