import type { Option } from "commander";
import { flag } from "./command.ts";
import { choice } from "./parsers.ts";

/** `--kafka-client`, as every binary that speaks to Kafka has it. */
export function kafkaClientFlag(): Option {
  return flag(
    "--kafka-client <which>",
    "fast (needs the known kafkajs), kafkajs (its public interface, slower), or auto: fast where it can be",
    { parse: choice("auto", "fast", "kafkajs"), default: "auto" as const, defaultText: "auto" },
  );
}
