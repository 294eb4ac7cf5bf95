/**
 * `deno task demo`: the whole line, load to sessions, on one machine, with replicas that follow the load.
 *
 * @module
 */
import { join, resolve } from "@std/path";
import { parseArguments } from "../src/cli/arguments.ts";
import {
  CONNECTION_FLAGS,
  CONNECTION_VARIABLES,
  connectionEnv,
  type ConnectionFlags,
  connectionVariables,
} from "../src/cli/connection_flags.ts";
import { createLogger, type Logger, type LogLevel } from "../src/cli/log.ts";
import { EXIT, main } from "../src/cli/main.ts";
import { choice, integer, port, text } from "../src/cli/parsers.ts";
import { leaveOut, type Program, toggle } from "../src/cli/program.ts";
import { LOG_LEVEL, WAIT_FOR_BROKER } from "../src/cli/shared_flags.ts";
import { terminalWidth, wrap } from "../src/cli/terminal.ts";
import { say } from "../src/cli/write.ts";
import { profile } from "../src/datagen/flags.ts";
import type { Profile } from "../src/datagen/profile.ts";
import { DEFAULT_PAGE_PORT, servePage } from "../src/dashboard/serve_page.ts";
import { topologyParts } from "../src/dashboard/topology_parts.ts";
import { type LoadPlan, loadPlan, ownPlan } from "../src/demo/load_plan.ts";
import { demoAdvisor } from "../src/demo/advisor.ts";
import { paceOf } from "../src/demo/pace.ts";
import { DemoPageSource } from "../src/demo/page_source.ts";
import { type DemoSummary, runDemo } from "../src/demo/run.ts";
import type { ScaleBy } from "../src/demo/scaler.ts";
import { timelineCsv } from "../src/demo/timeline.ts";
import { connectionConfig } from "../src/kafka/mod.ts";
import { CannotListen, type HttpServer } from "../src/metrics/http_server.ts";
import type { Advisor } from "../src/scaling/advisor.ts";
import { advisorLog } from "../src/scaling/advisor_log.ts";
import { scalingRoutes } from "../src/scaling/routes.ts";
import { sessionsTopology } from "../src/streams/sessions_topology.ts";
import { charts } from "./demo/panels.ts";
import { reportHtml } from "./demo/report.ts";
import { type Cleanup, embeddedStage, kafkaStage, type Stage } from "./demo/stages.ts";
import { isGood, linesOf } from "./demo/words.ts";
import { brokerAnswers, findRuntime, startBroker } from "./support/broker.ts";
import { makeOutFolder } from "./support/out_folder.ts";

interface Flags extends ConnectionFlags {
  seconds: number;
  embedded: boolean;
  scaleBy: Exclude<ScaleBy, "nothing">;
  fixed?: number;
  perInstance: number;
  profile?: Profile;
  machines: number;
  out: string;
  page: boolean;
  pagePort?: number;
  waitForBroker: number;
  logLevel: LogLevel;
}

const ALL_WELL = "all is well: sessions equal the answered frames";
/** As many as the topics have partitions, by default. */
const MOST_REPLICAS = 4;
/** How long its processes, and then the broker, may take to end, in ms. */
const END_MS = 45_000;

/** The task and its flags. */
export const DEMO: Program<Flags> = {
  name: "demo",
  task: true,
  description: [
    "Runs the whole line on this machine, with replicas that follow the load: a generator, Kafka, and 1 to 4 " +
    "streams processes that an autoscaler starts and ends, by the algorithm of Kubernetes' own, on their " +
    "metrics.",
    "The load is calm, surges to more than one process can do, bursts to more than all four can, and is calm " +
    "again. Each second is a line, each decision a sentence; at the end every session is checked. " +
    "report.html, timeline.csv and timeline.svg keep it.",
  ],
  flags: {
    seconds: {
      value: "<count>",
      text: "how long load is generated",
      parse: integer({ min: 1, max: 86_400 }),
      default: 150,
    },
    embedded: toggle("everything in one process, on an in-memory log instead of Kafka"),
    scaleBy: {
      value: "<what>",
      text:
        "what the replicas follow: load (what is to do by what can be done), lag alone, or recommender (what " +
        "the most loaded one gets, and what a move costs)",
      parse: choice("load", "lag", "recommender"),
      default: "load",
    },
    fixed: {
      value: "<count>",
      text: "so many replicas, and no autoscaler",
      parse: integer({ min: 1, max: MOST_REPLICAS }),
      excludes: ["scaleBy"],
    },
    perInstance: {
      value: "<records/s>",
      text: "what one instance processes at most, so that one can't carry the surge on any machine",
      parse: integer({ min: 100, max: 1_000_000 }),
      default: 3_000,
    },
    profile: {
      value: "<profile>",
      text: "another load, in records a second; deno task gen --help tells the forms",
      parse: profile,
      defaultText: "calm, surge, burst, calm",
    },
    machines: {
      value: "<count>",
      text: "how many arcade machines send frames",
      parse: integer({ min: 1, max: 100_000 }),
      default: 2_000,
    },
    out: {
      value: "<folder>",
      text: "where report.html, timeline.csv and timeline.svg go",
      parse: text("a folder"),
      default: "dist/demo",
    },
    page: leaveOut("don't serve the live page"),
    pagePort: {
      value: "<port>",
      text: "the live page's port; 0 for any free one",
      parse: port(),
      defaultText: "8080, or a free one where that is taken",
    },
    waitForBroker: WAIT_FOR_BROKER,
    ...CONNECTION_FLAGS,
    logLevel: LOG_LEVEL,
  },
  sections: [CONNECTION_VARIABLES],
};

if (import.meta.main) {
  await main("demo", async (signal) => {
    const flags = parseArguments(DEMO, Deno.args);
    const logger = createLogger({ name: "demo", level: flags.logLevel === "info" ? "warn" : flags.logLevel });
    const cleanup: Cleanup = [];
    await makeOutFolder(flags.out);
    try {
      const stage = await setTheStage(flags, signal, logger, cleanup).catch((error) => {
        // The terminal sends Ctrl-C to what was just being started as well: its error is no news.
        if (!signal.aborted) throw error;
      });
      if (stage === undefined || signal.aborted) {
        say("\nstopped before it began");
        return EXIT.failure;
      }
      const advisor = advisorOf(flags, logger);
      const page = flags.page ? await openPage(flags, stage.canKill, advisor, cleanup) : undefined;
      const summary = await runDemo({
        ...stage,
        ...(page === undefined ? {} : { onSnapshot: (snapshot, control) => page.tell(snapshot, control) }),
        logger,
        durationMs: flags.seconds * 1000,
        plan: planOf(flags),
        machines: flags.machines,
        perInstance: flags.perInstance,
        scaleBy: flags.fixed === undefined ? flags.scaleBy : "nothing",
        advisor,
        minReplicas: flags.fixed ?? 1,
        maxReplicas: flags.fixed ?? MOST_REPLICAS,
        signal,
        width: terminalWidth(),
        show: say,
      });
      if (summary === undefined) {
        say("\nstopped before the end: nothing was checked");
        return EXIT.failure;
      }
      return await report(flags, summary);
    } finally {
      for (const undo of cleanup.reverse()) await undo();
    }
  }, { graceMs: END_MS });
}

/** What is recommended is told on the board where it is followed, and in the log where it is not. */
function advisorOf({ seconds, scaleBy, fixed }: Flags, logger: Logger): Advisor {
  return demoAdvisor({
    minReplicas: 1,
    maxReplicas: MOST_REPLICAS,
    pace: paceOf(seconds * 1000),
    ...(fixed === undefined && scaleBy === "recommender" ? {} : { told: advisorLog(logger) }),
  });
}

/** Serves the live page and what is recommended, and says where. */
async function openPage(
  { perInstance, pagePort }: Flags,
  canKill: boolean,
  advisor: Advisor,
  cleanup: Cleanup,
): Promise<DemoPageSource> {
  const topology = topologyParts(sessionsTopology());
  const source = new DemoPageSource({ topology, maxRate: MOST_REPLICAS * 1.5 * perInstance, canKill });
  const routes = scalingRoutes(advisor);
  const served = (port: number): Promise<HttpServer> =>
    servePage({ source, port, portFlag: "--page-port", routes });
  const server = await served(pagePort ?? DEFAULT_PAGE_PORT).catch((error) => {
    if (pagePort !== undefined || !(error instanceof CannotListen)) throw error;
    return served(0);
  });
  cleanup.push(() => server.close());
  say(`the live page is at ${server.url}`);
  return source;
}

function planOf({ profile, perInstance, seconds }: Flags): LoadPlan {
  const durationMs = seconds * 1000;
  return profile === undefined ? loadPlan(perInstance, durationMs) : ownPlan(profile, durationMs);
}

async function setTheStage(
  flags: Flags,
  signal: AbortSignal,
  logger: Logger,
  cleanup: Cleanup,
): Promise<Stage> {
  const { perInstance } = flags;
  if (flags.embedded) {
    say("everything runs in this process on an in-memory log (--embedded), without Kafka");
    return embeddedStage(perInstance, logger, cleanup);
  }
  const env = connectionEnv(flags);
  const config = connectionConfig(env);
  const variables = connectionVariables(flags);
  if (env("KAFKA_BROKERS") !== undefined) {
    say(`using Kafka at ${config.brokers.join(",")} (KAFKA_BROKERS)`);
    return await kafkaStage(config, perInstance, logger, cleanup, {
      variables,
      forMs: flags.waitForBroker,
      signal,
    });
  }
  if (await brokerAnswers(9092)) {
    say("using the Kafka that answers at localhost:9092");
    return await kafkaStage(config, perInstance, logger, cleanup, { variables, forMs: 0 });
  }
  const runtime = await findRuntime();
  if (runtime.kind === "none") {
    say(`everything runs in this process on an in-memory log, without Kafka: ${runtime.reason}`);
    return embeddedStage(perInstance, logger, cleanup);
  }
  const broker = await startBroker({ report: say, signal });
  cleanup.push(() => broker.wipe());
  return await kafkaStage({ ...config, brokers: [broker.bootstrap] }, perInstance, logger, cleanup, {
    variables,
    forMs: 0,
  });
}

/** Says how it went and writes it down. @returns The exit code. */
async function report(flags: Flags, summary: DemoSummary): Promise<number> {
  const good = isGood(summary);
  const lines = [
    ...linesOf(summary),
    good ? (summary.killed > 0 ? "all is well: no session lacks anything" : ALL_WELL) : "NOT all is well",
  ];
  say("");
  for (const line of lines) for (const row of wrap(line, terminalWidth())) say(row);
  const title = `The demo, ${flags.seconds} s, ${
    flags.fixed === undefined ? `replicas by ${flags.scaleBy}` : `${flags.fixed} replicas`
  }`;
  await Deno.writeTextFile(join(flags.out, "report.html"), reportHtml(title, summary, lines));
  await Deno.writeTextFile(join(flags.out, "timeline.csv"), timelineCsv(summary.run));
  await Deno.writeTextFile(join(flags.out, "timeline.svg"), charts(summary.run));
  say(`report.html, timeline.csv and timeline.svg are in ${resolve(flags.out)}`);
  return good ? EXIT.ok : EXIT.failure;
}
