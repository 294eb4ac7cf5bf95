/** Cards that pay suspiciously often, found by a processor with a store. */
import {
  jsonSerde,
  type KeyValueStore,
  type ProcessorRecord,
  StreamsBuilder,
  stringSerde,
  type Topology,
  type UserProcessor,
  type UserProcessorContext,
} from "@kos/kos";

export interface Payment {
  cents: number;
  shop: string;
}

export interface Alert {
  payments: number;
  cents: number;
  shops: string[];
  /** When the first of them was made, in ms since the epoch. */
  since: number;
}

export interface FraudOptions {
  /** How many payments a card may make within that time. */
  most: number;
  /** The time, in ms. */
  within: number;
  /** What the topics' names begin with. */
  prefix: string;
}

/** The payments of a card that still count, in the order in which they came. */
type Recent = (Payment & { timeMs: number })[];

const STORE = "recent-payments";

/** Refuses what is no payment: it goes to the dead letters then. */
function toPayment(value: unknown): Payment {
  const { cents, shop } = value as Partial<Payment>;
  if (Number.isSafeInteger(cents) && typeof shop === "string") return { cents: cents!, shop };
  throw new TypeError('expected a payment, such as {"cents":1999,"shop":"bakery"}');
}

class PaymentWatch implements UserProcessor<string | null, Payment, string, Alert> {
  readonly #options: FraudOptions;
  #context!: UserProcessorContext<string, Alert>;
  #recent!: KeyValueStore<string, Recent>;

  constructor(options: FraudOptions) {
    this.#options = options;
  }

  init(context: UserProcessorContext<string, Alert>): void {
    this.#context = context;
    this.#recent = context.getStateStore(STORE);
    // By the records' times, so that old payments that are read again give what they gave.
    context.schedule(this.#options.within, "stream-time", (nowMs) => this.#forget(nowMs));
  }

  process({ key: card, value, timestamp }: ProcessorRecord<string | null, Payment>): void {
    if (card === null) return;
    const { most, within } = this.#options;
    const before = this.#recent.get(card)?.filter(({ timeMs }) => timeMs > timestamp - within) ?? [];
    const recent = [...before, { ...value, timeMs: timestamp }];
    this.#recent.put(card, recent, timestamp);
    if (recent.length > most) this.#context.forward({ key: card, value: alertOf(recent), timestamp });
  }

  /** Without it the store would keep every card that ever paid. */
  #forget(nowMs: number): void {
    for (const { key, timestamp } of this.#recent.entries()) {
      if (timestamp <= nowMs - this.#options.within) this.#recent.put(key, null, nowMs);
    }
  }
}

function alertOf(recent: Recent): Alert {
  return {
    payments: recent.length,
    cents: recent.reduce((sum, { cents }) => sum + cents, 0),
    shops: [...new Set(recent.map(({ shop }) => shop))],
    since: Math.min(...recent.map(({ timeMs }) => timeMs)),
  };
}

export function fraudTopology(options: FraudOptions): Topology {
  const card = stringSerde();
  const builder = new StreamsBuilder();
  builder.addStore({ name: STORE, key: card, value: jsonSerde<Recent>() });
  builder.stream(`${options.prefix}payments`, { key: card, value: jsonSerde(toPayment) })
    .process(() => new PaymentWatch(options), { stores: [STORE] })
    .to(`${options.prefix}alerts`, { key: card, value: jsonSerde<Alert>() });
  return builder.build();
}
