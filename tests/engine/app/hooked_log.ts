/**
 * A log on which something happens at a moment that a test chooses.
 *
 * @module
 */
import type { Fetcher, FetcherOptions, Log } from "../../../src/kafka/mod.ts";
import type { TopicPartition } from "../../../src/kafka/port/topics.ts";

/** What is about to be asked of the log: `read` by a fetcher that is no application's own of the sources. */
export type Asked = "committed" | "offsets" | "read";

/** Any log, but for what `before` does before a question of some partitions is asked. */
export function hookedLog(log: Log, before: (asked: Asked, topics: string[]) => Promise<void>): Log {
  const names = (partitions: readonly TopicPartition[]): string[] => partitions.map(({ topic }) => topic);
  return new Proxy(log, {
    get(target, name): unknown {
      if (name === "committed") {
        return async (group: string, partitions: TopicPartition[]) => {
          await before("committed", names(partitions));
          return await target.committed(group, partitions);
        };
      }
      if (name === "offsets") {
        return async (partitions: TopicPartition[], at: Parameters<Log["offsets"]>[1]) => {
          await before("offsets", names(partitions));
          return await target.offsets(partitions, at);
        };
      }
      if (name === "fetcher") return (options?: FetcherOptions) => hookedFetcher(target, options, before);
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Those of the sources say which topics they will read, and are left as they are. */
function hookedFetcher(
  log: Log,
  options: FetcherOptions | undefined,
  before: (asked: Asked, topics: string[]) => Promise<void>,
): Fetcher {
  const fetcher = log.fetcher(options);
  if (options?.topics !== undefined) return fetcher;
  const assign = fetcher.assign.bind(fetcher);
  const poll = fetcher.poll.bind(fetcher);
  const held: { readonly partition: TopicPartition; readonly offset: number }[] = [];
  fetcher.assign = (partition, offset) => void held.push({ partition, offset });
  fetcher.poll = async (ms) => {
    for (const { partition, offset } of held.splice(0)) {
      await before("read", [partition.topic]);
      assign(partition, offset);
    }
    return await poll(ms);
  };
  return fetcher;
}
