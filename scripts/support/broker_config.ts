/** The release that is run: the newest one. */
export const KAFKA_VERSION = "4.3.1";

/** What Maven fetches: the broker, and what sends its slf4j log to log4j (Kafka names the rest itself). */
export const KAFKA_ARTIFACTS: readonly string[] = [
  `org.apache.kafka:kafka_2.13:${KAFKA_VERSION}`,
  "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
];

/** The image for machines without Java. */
export const KAFKA_IMAGE: string = `apache/kafka:${KAFKA_VERSION}`;

/** Java options: a heap that a laptop can spare, and the collector with the smallest footprint. */
export const JVM_OPTIONS: readonly string[] = [
  "-Xms128m",
  "-Xmx512m",
  "-XX:+UseSerialGC",
  "-Djava.awt.headless=true",
];

/** Where a broker listens and keeps its log. */
export interface BrokerAddresses {
  readonly port: number;
  readonly controllerPort: number;
  /** The interface it listens on: the loopback, save in a container, whose port is published there. */
  readonly bindTo: string;
  readonly logDir: string;
  /** Settings in the place of those below, by Kafka's names. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A second listener for clients that come by a proxy: where it listens, and the proxy's port, which it tells them. */
  readonly proxied?: { readonly port: number; readonly advertise: number };
}

/**
 * The settings of a single broker that is its own controller (KRaft's combined mode), by Kafka's names. Internal topics
 * are small and not replicated, and groups need not wait for more members, since a newcomer should not wait either.
 */
export function brokerSettings(at: BrokerAddresses): Record<string, string> {
  const { proxied } = at;
  return {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${at.controllerPort}`,
    "controller.listener.names": "CONTROLLER",
    "listeners": `PLAINTEXT://${at.bindTo}:${at.port},CONTROLLER://127.0.0.1:${at.controllerPort}` +
      (proxied ? `,PROXIED://${at.bindTo}:${proxied.port}` : ""),
    "advertised.listeners": `PLAINTEXT://localhost:${at.port}` +
      (proxied ? `,PROXIED://localhost:${proxied.advertise}` : ""),
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "log.dirs": at.logDir,
    "auto.create.topics.enable": "false",
    "num.partitions": "1",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    // The default, 128 MB, is a quarter of the heap.
    "log.cleaner.dedupe.buffer.size": "16777216",
    ...at.settings,
  };
}

/** The settings as a Java properties file. */
export function propertiesFile(settings: Readonly<Record<string, string>>): string {
  // A backslash begins an escape in a properties file (Windows paths have them), which is read as Latin-1.
  const escaped = (value: string): string =>
    value.replaceAll("\\", "\\\\").replace(
      /[^\x20-\x7e]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  return Object.entries(settings).map(([name, value]) => `${name}=${escaped(value)}\n`).join("");
}

/** The settings as the image's environment: `KAFKA_`, capitals, and `_` for `.` (the image's usage guide, "Environment variables"). */
export function imageEnvironment(settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map((
      [name, value],
    ) => [`KAFKA_${name.toUpperCase().replaceAll(".", "_")}`, value]),
  );
}

/** Log4j's configuration: a line an event, to standard output (which is the log file). */
export const LOG4J_CONFIG = `appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
`;
