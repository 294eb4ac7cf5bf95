/**
 * Flags that several programs have.
 *
 * @module
 */
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "./log.ts";
import { choice, duration, InvalidValue } from "./parsers.ts";
import type { Flag, FlagWithDefault } from "./program.ts";

/** `--log-level`, as every program that logs has it. */
export const LOG_LEVEL: FlagWithDefault<LogLevel> = {
  value: "<level>",
  text: `how much to say on stderr: ${LOG_LEVELS.join(", ")}`,
  parse: choice(...LOG_LEVELS),
  default: "info",
};

/** `--log-format`, as every service has it. */
export const LOG_FORMAT: FlagWithDefault<LogFormat> = {
  value: "<format>",
  text: "lines of text for people, or json for collectors: one object a line",
  parse: choice(...LOG_FORMATS),
  default: "text",
};

/** `--wait-for-broker`, as every program that waits for Kafka has it; in ms. */
export const WAIT_FOR_BROKER: FlagWithDefault<number> = {
  value: "<time>",
  text: "how long to wait at the start for a broker that answers; 0s: not",
  parse: duration(),
  default: 60_000,
  defaultText: "60s",
};

/** The heading of flags with which a program does something else than run. */
export const INSTEAD = "Instead of running";

/**
 * `--probe`, as every program that serves its health has it. Without a variable: one that is left in a pod's
 * environment would keep the program from running.
 */
export const PROBE: Flag<string> = {
  value: "<url>",
  text: "ask a running instance whether it is ready and serves its series; exit with 0 or 1",
  parse: baseUrl,
  variable: false,
  group: INSTEAD,
};

/** `--within`, as every program with `--probe` has it; in ms. */
export const WITHIN: FlagWithDefault<number> = {
  value: "<time>",
  text: "how long --probe waits for what is not there yet",
  parse: duration(),
  default: 60_000,
  defaultText: "60s",
  variable: false,
  group: INSTEAD,
};

/** The URL that paths are put behind. */
function baseUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "") {
    throw new InvalidValue("expected a URL such as http://localhost:9001");
  }
  return url.href.replace(/\/$/, "");
}
