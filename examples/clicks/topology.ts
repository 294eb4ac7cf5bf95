/** The visits of a site's users: clicks without a long pause between them. */
import { jsonSerde, type Serde, SessionWindows, StreamsBuilder, stringSerde, type Topology } from "@kos/kos";

export interface Click {
  page: string;
}

/** One visit of a user, so far. */
export interface Visit {
  clicks: number;
  /** The page that it began on. */
  entry: string;
  /** The page of the click that came last. */
  page: string;
}

export interface ClicksOptions {
  /** How long a pause ends a visit, in ms. */
  pause: number;
  /** How late a click may come, in ms. */
  grace: number;
  /** How long visits can be read, in ms. */
  keep: number;
  /** What the topics' names begin with. */
  prefix: string;
}

/** The store of visits, as it is read by `/stores/visits`. */
export const VISITS = "visits";

export function clicksTopology({ pause, grace, keep, prefix }: ClicksOptions): Topology {
  const user = stringSerde();
  const clicks: Serde<Click> = jsonSerde(toClick);
  const visits: Serde<Visit> = jsonSerde();
  const retentionMs = Math.max(keep, pause + grace);

  const builder = new StreamsBuilder();
  builder.stream(`${prefix}clicks`, { key: user, value: clicks })
    .groupByKey({ key: user, value: clicks })
    .windowedBy(SessionWindows.ofInactivityGapAndGrace(pause, grace))
    .aggregate<Visit>(
      () => ({ clicks: 0, entry: "", page: "" }),
      (_user, { page }, visit) => ({ clicks: visit.clicks + 1, entry: visit.entry || page, page }),
      // A click between two visits makes them one; the first of them may be empty.
      (_user, first, second) => ({
        clicks: first.clicks + second.clicks,
        entry: first.entry || second.entry,
        page: second.page || first.page,
      }),
      { name: VISITS, value: visits, retentionMs },
    )
    .toStream()
    // A visit that has become part of a longer one is removed by null.
    .filter((_visit, value) => value !== null)
    .map(({ key, startMs, endMs }, visit) => [key, { from: startMs, until: endMs, ...visit }])
    .to(`${prefix}visits`, { key: user, value: jsonSerde<Visit & { from: number; until: number }>() });
  return builder.build();
}

function toClick(value: unknown): Click {
  const { page } = value as Partial<Click>;
  if (typeof page !== "string") throw new TypeError('expected a click, such as {"page":"/news"}');
  return { page };
}
