/**
 * A topology as a program of its own: flags, log, metrics, health, store reads, signals and exit codes.
 *
 * @module
 */
export {
  createLogger,
  LOG_FORMATS,
  LOG_LEVELS,
  type LogFields,
  type LogFormat,
  type Logger as ServiceLogger,
  type LoggerOptions,
  type LogLevel,
  silentLogger,
} from "../cli/log.ts";
export type { ConnectionFlags } from "../cli/connection_flags.ts";
export type { ValueParser } from "../cli/parsers.ts";
export * as parsers from "../cli/parsers.ts";
export { type Flag, type FlagWithDefault, toggle } from "../cli/program.ts";
export type { ServiceFlags } from "./flags.ts";
export { pageRoute } from "../metrics/page.ts";
export type { FlagRows, FlagValues, ProgramOptions, ServiceDefaults } from "./program.ts";
export { run, type RunOptions, type ServiceContext, type TopologyBuilder } from "./run.ts";
export type { FailureChoice } from "./settings.ts";
export { KeyError, type ServedStore } from "./store_routes.ts";
