import type { Option } from "commander";
import { flag } from "./command.ts";
import { duration } from "./parsers.ts";

/** `--wait-for-broker`, as every binary that speaks to Kafka has it. */
export function waitForBrokerFlag(): Option {
  return flag(
    "--wait-for-broker <time>",
    "how long to wait at the start for a broker that answers; 0s: not",
    {
      parse: duration(),
      default: 60_000,
      defaultText: "60s",
    },
  );
}
