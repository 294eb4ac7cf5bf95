/** Revenue by country, of orders that come one by one and customers that change. */
import {
  type AvroSchema,
  avroSerde,
  jsonSerde,
  type SchemaRegistry,
  StreamsBuilder,
  stringSerde,
  TimeWindows,
  type Topology,
  untilWindowCloses,
} from "@kos/kos";
import { z } from "zod";

const ORDER = z.object({ customer: z.string().min(1), cents: z.int().positive() });
const CUSTOMER = z.object({ name: z.string(), country: z.string().length(2) });

/** What one country's customers ordered in one window. */
export interface Revenue {
  country: string;
  /** Where the window begins, and where it ends, in ms since the epoch. */
  from: number;
  until: number;
  orders: number;
  cents: number;
}

const TIME = { type: "long", logicalType: "timestamp-millis" };
export const REVENUE: AvroSchema = {
  type: "record",
  name: "Revenue",
  namespace: "kos.examples",
  fields: [
    { name: "country", type: "string" },
    { name: "from", type: TIME },
    { name: "until", type: TIME },
    { name: "orders", type: "int" },
    { name: "cents", type: "long" },
  ],
};

export interface OrdersOptions {
  /** Where Avro's schema is registered; without one, messages name it by its fingerprint. */
  registry?: SchemaRegistry | undefined;
  /** How long a window is, in ms. */
  window: number;
  /** How late an order may come, in ms. */
  grace: number;
  /** What the topics' names begin with. */
  prefix: string;
}

export function ordersTopology({ registry, window, grace, prefix }: OrdersOptions): Topology {
  const text = stringSerde();
  const orders = { key: text, value: jsonSerde(ORDER) };
  const sales = { key: text, value: jsonSerde<{ country: string; cents: number }>() };
  const totals = { key: text, value: jsonSerde<{ orders: number; cents: number }>() };

  const builder = new StreamsBuilder();
  const customers = builder.table(
    `${prefix}customers`,
    { key: text, value: jsonSerde(CUSTOMER) },
    // Its name in `/stores`.
    { name: "customers" },
  );
  builder.stream(`${prefix}orders`, orders)
    // An order has its number for a key; it meets its customer by the customer's.
    .selectKey((_number, order) => order.customer)
    .join(customers, ({ cents }, { country }) => ({ country, cents }), { ...orders, name: "by-customer" })
    .groupBy((_customer, { country }) => country, { ...sales, name: "by-country" })
    .windowedBy(TimeWindows.ofSizeAndGrace(window, grace))
    .aggregate(
      () => ({ orders: 0, cents: 0 }),
      (_country, sale, total) => ({ orders: total.orders + 1, cents: total.cents + sale.cents }),
      { ...totals, name: "totals" },
    )
    // One record a window, when no order can change it any more.
    .suppress(untilWindowCloses())
    .toStream()
    // Windows are never removed, so that there is a total.
    .map(({ key, startMs, endMs }, total): [string, Revenue] => [
      key,
      { country: key, from: startMs, until: endMs, ...total! },
    ])
    .to(`${prefix}revenue`, { key: text, value: avroSerde<Revenue>(REVENUE, registry ? { registry } : {}) });
  return builder.build();
}
