import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import { type KTable, StreamsBuilder } from "../../../src/engine/mod.ts";
import { printable, type ReferenceTopologies, type ReferenceTopology, text } from "../plan.ts";
import { both as bothOfKey } from "./join.ts";
import { letter } from "./keys.ts";

const counts = { value: int64Serde() };
const texts = { value: stringSerde() };
type TextTable = KTable<string, string>;

const small = (_key: string, value: string): boolean => !value.startsWith("a") && !value.startsWith("b");
const both = (left: string | null, right: string | null): string => `${left}+${right}`;
const byLetter = (_key: string, value: string): [string, string] => [letter(value) as string, value];

/** Changes of one table. */
function one<V>(steps: (table: TextTable) => KTable<string, V>): ReferenceTopology {
  return {
    topics: ["table"],
    tables: ["table"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      steps(builder.table("table", text)).toStream().to("out", printable);
      return builder.build();
    },
  };
}

/** Changes of a table that two others make. */
function two<V>(steps: (left: TextTable, right: () => TextTable) => KTable<string, V>): ReferenceTopology {
  return {
    topics: ["left", "right"],
    tables: ["left", "right"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      const left = builder.table("left", text);
      // Added when it is used: names are numbered in that order.
      steps(left, () => builder.table("right", text)).toStream().to("out", printable);
      return builder.build();
    },
  };
}

/** A stream that meets a table. */
function withStream(build: ReferenceTopology["build"]): ReferenceTopology {
  return { topics: ["in", "table"], tables: ["table"], spansMs: [], build };
}

const derived: ReferenceTopologies = {
  "table": one((table) => table),
  "table-materialized": {
    topics: ["table"],
    tables: ["table"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      builder.table("table", text, { name: "kept" }).toStream().to("out", printable);
      return builder.build();
    },
  },
  "table-filter": {
    topics: ["table"],
    tables: ["table"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      const table = builder.table("table", text);
      table.filter(small).toStream().to("kept", printable);
      table.filterNot(small).toStream().to("others", printable);
      return builder.build();
    },
  },
  "table-filter-materialized": one((table) => table.filter(small, { ...text, name: "small" })),
  "table-map-values": one((table) => table.mapValues((value, key) => `${key}/${value}`)),
  "table-map-values-materialized": one((table) =>
    table.mapValues((value, key) => `${key}/${value}`, { ...text, name: "mapped" }).filter(small)
  ),
  "count-filter": {
    topics: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      builder.stream("in", text).groupByKey(text).count(counts)
        .filter((_key, count) => count % 2 === 0).mapValues((count) => `n${count}`)
        .toStream().to("out", printable);
      return builder.build();
    },
  },
  "to-table": {
    topics: ["in"],
    tables: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      builder.stream("in", text).toTable(text).toStream().to("out", printable);
      return builder.build();
    },
  },
  "to-table-named": {
    topics: ["in", "other"],
    tables: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      const table = builder.stream("in", text).toTable({ ...text, name: "kept" });
      table.mapValues((value) => `${value}!`).toStream().to("out", printable);
      builder.stream("other", text).join(table, bothOfKey, { ...text, name: "joined" }).to(
        "joined-out",
        printable,
      );
      return builder.build();
    },
  },
  "to-table-repartitioned": {
    topics: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      builder.stream("in", text).selectKey((_key, value) => letter(value) as string).toTable(text)
        .mapValues((value) => `${value}!`).toStream().to("out", printable);
      return builder.build();
    },
  },
};

const streamJoins: ReferenceTopologies = {
  "stream-table-join": withStream(() => {
    const builder = new StreamsBuilder();
    builder.stream("in", text).join(builder.table("table", text), bothOfKey, text).to("out", printable);
    return builder.build();
  }),
  "stream-table-left-join": withStream(() => {
    const builder = new StreamsBuilder();
    builder.stream("in", text).leftJoin(builder.table("table", text), bothOfKey, text).to("out", printable);
    return builder.build();
  }),
  "stream-table-join-repartitioned": withStream(() => {
    const builder = new StreamsBuilder();
    builder.stream("in", text).selectKey((_key, value) => letter(value) as string)
      .join(builder.table("table", text), bothOfKey, text).to("out", printable);
    return builder.build();
  }),
  "stream-table-join-derived": withStream(() => {
    const builder = new StreamsBuilder();
    builder.stream("in", text)
      .leftJoin(builder.table("table", text).filter(small).mapValues((value) => `${value}!`), bothOfKey, text)
      .to("out", printable);
    return builder.build();
  }),
};

const tableJoins: ReferenceTopologies = {
  "table-table-join": two((left, right) => left.join(right(), both)),
  "table-table-left-join": two((left, right) => left.leftJoin(right(), both)),
  "table-table-outer-join": two((left, right) => left.outerJoin(right(), both)),
  "table-table-join-materialized": two((left, right) =>
    left.join(right(), both, { ...text, name: "joined" }).filter((_key, value) => !value.startsWith("a"))
  ),
  "table-table-join-derived": two((left, right) =>
    left.filter(small).outerJoin(right().mapValues((value) => `${value}!`), both)
      .mapValues((value) => `<${value}>`)
  ),
};

const groups: ReferenceTopologies = {
  "table-group-by-count": one((table) => table.groupBy(byLetter, text).count(counts)),
  "table-group-by-named": one((table) =>
    table.groupBy(byLetter, { ...text, name: "letters" }).count({ ...counts, name: "counts" })
  ),
  "table-group-by-reduce": one((table) =>
    table.groupBy(byLetter, text)
      .reduce((aggregate, value) => `${aggregate}+${value}`, (aggregate, value) =>
        `${aggregate}-${value}`, texts)
  ),
  "table-group-by-aggregate": one((table) =>
    table.groupBy((key, value) => [letter(value) as string, key + value], text).aggregate(
      () => "",
      (_key, value, aggregate) => `${aggregate}+${value}`,
      (_key, value, aggregate) => `${aggregate}-${value}`,
      texts,
    )
  ),
};

/** Tables: from topics, from streams, from each other. */
export const tableTopologies: ReferenceTopologies = { ...derived, ...streamJoins, ...tableJoins, ...groups };
