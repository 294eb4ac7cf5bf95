/**
 * The only file that knows kafkajs's inside. From kafkajs come the layouts of the small requests and the
 * list of errors; sockets and what goes over them are in {@linkcode Connection}. What is
 * used is checked when this module is loaded, as internals may change with any version: docs/architecture.md
 * says how to take another one.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import kafkajsPackage from "kafkajs/package.json" with { type: "json" };
import Decoder from "kafkajs/src/protocol/decoder.js";
import protocolErrors from "kafkajs/src/protocol/error.js";
import apiKeys from "kafkajs/src/protocol/requests/apiKeys.js";
import protocolRequests from "kafkajs/src/protocol/requests/index.js";

/** The version whose inside this file knows. */
export const KAFKAJS_VERSION = "2.2.4";

/** The requests that kafkajs encodes and decodes for who asks for them by name. */
const REQUESTS = [
  "Metadata",
  "ListOffsets",
  "OffsetCommit",
  "OffsetFetch",
  "GroupCoordinator",
  "JoinGroup",
  "Heartbeat",
  "LeaveGroup",
  "SyncGroup",
  "CreateTopics",
  "DeleteTopics",
  "DeleteRecords",
  "DescribeConfigs",
  "DescribeGroups",
  "ListGroups",
  "InitProducerId",
  "AddPartitionsToTxn",
  "AddOffsetsToTxn",
  "EndTxn",
] as const;

/** The requests that make a connection ready. */
const OPENING_REQUESTS = ["ApiVersions", "SaslHandshake", "SaslAuthenticate"] as const;

/** A request that kafkajs encodes and decodes. */
export type ApiName = typeof REQUESTS[number];

/** A request that makes a connection ready. */
export type OpeningRequest = typeof OPENING_REQUESTS[number];

/** What a request is and how to read its answer. */
export interface KafkajsExchange {
  readonly request: {
    readonly apiKey: number;
    readonly apiName: string;
    readonly apiVersion: number;
    encode(): Promise<{ readonly buffer: Buffer }>;
  };
  readonly response: {
    // deno-lint-ignore no-explicit-any -- kafkajs has no types for it
    decode(answer: Buffer): Promise<any>;
    /** Gives back what was decoded, or throws the first error code in it. */
    // deno-lint-ignore no-explicit-any
    parse(decoded: any): Promise<any>;
  };
}

/** The exchange of a request in one version. */
export function exchangeOf(
  api: ApiName | OpeningRequest,
  version: number,
  body?: unknown,
): KafkajsExchange {
  return protocolRequests.requests[api].protocol({ version })(body);
}

/** The versions of a request that kafkajs knows, in order. */
export function knownVersions(api: ApiName): number[] {
  return protocolRequests.requests[api].versions.map(Number).sort((a: number, b: number) => a - b);
}

/** Kafka's number of a request. */
export function apiKeyOf(api: ApiName | OpeningRequest): number {
  return apiKeys[api];
}

/** An error that a broker answers with. */
export interface BrokerError {
  /** Kafka's name, such as `NOT_LEADER_FOR_PARTITION`. */
  readonly name: string;
  readonly message: string;
  /** Whether the same request may succeed later. */
  readonly retriable: boolean;
}

/** The broker's error behind an exception of kafkajs's; `undefined` for any other exception. */
export function protocolErrorOf(error: unknown): BrokerError | undefined {
  if (nameOf(error) !== "KafkaJSProtocolError") return undefined;
  const { message, type, retriable } = error as Record<string, unknown>;
  return { name: String(type), message: String(message), retriable: retriable === true };
}

/** Kafka's name and advice for an error code. 0 is `NONE`. */
export function errorOf(code: number): BrokerError {
  if (code === 0) return { name: "NONE", message: "no error", retriable: false };
  const known = ERRORS.get(code);
  return known ?? { name: `ERROR_CODE_${code}`, message: `error code ${code}`, retriable: false };
}

const ERRORS = new Map<number, BrokerError>([
  // deno-lint-ignore no-explicit-any
  ...protocolErrors.errorCodes.map(({ type, code, message, retriable }: any) =>
    [code, { name: type, message, retriable }] as const
  ),
  // Younger than kafkajs's list.
  [90, {
    name: "PRODUCER_FENCED",
    message: "There is a newer producer with the same transactional id which fences the current one",
    retriable: false,
  }],
]);

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

/** The modules of kafkajs that this file uses, as they were loaded. */
export interface KafkajsModules {
  readonly version: string;
  // deno-lint-ignore no-explicit-any -- what is in them is what is to be found out
  readonly [module: string]: any;
}

const INSTALLED: KafkajsModules = {
  version: kafkajsPackage.version,
  Decoder,
  errors: protocolErrors,
  apiKeys,
  requests: protocolRequests,
};

/** The methods of classes that are called, or replaced. */
const METHODS: Readonly<Record<string, readonly string[]>> = {
  Decoder: ["readInt16", "readInt32", "readArray", "readBytes", "readString"],
};

/**
 * Checks that kafkajs is what this file was written for.
 *
 * @throws {Error} When it is another version or lacks something: the message names all that is missing.
 */
export function checkKafkajs(modules: KafkajsModules = INSTALLED): void {
  const missing = [...missingMethods(modules), ...missingRequests(modules)];
  if (modules.version !== KAFKAJS_VERSION) {
    missing.unshift(`version ${KAFKAJS_VERSION} (received ${modules.version})`);
  }
  if (!Array.isArray(modules.errors?.errorCodes)) missing.push("errorCodes");
  if (missing.length === 0) return;
  throw new Error(
    `Cannot use the installed kafkajs: it lacks ${missing.join(", ")}; ` +
      `pin kafkajs to exactly ${KAFKAJS_VERSION} in deno.json`,
  );
}

function missingMethods(modules: KafkajsModules): string[] {
  return Object.entries(METHODS).flatMap(([name, methods]) =>
    methods.filter((method) => typeof modules[name]?.prototype?.[method] !== "function")
      .map((method) => `${name}.${method}`)
  );
}

function missingRequests({ requests, apiKeys }: KafkajsModules): string[] {
  return [...REQUESTS, ...OPENING_REQUESTS].flatMap((api) => {
    const definition = requests?.requests?.[api];
    const known = typeof definition?.protocol === "function" && definition.versions?.length > 0;
    return [
      ...(known ? [] : [`requests.${api}`]),
      ...(typeof apiKeys?.[api] === "number" ? [] : [`apiKeys.${api}`]),
    ];
  });
}

/**
 * Has kafkajs's decoder check lengths before it believes them. It makes room for an array of any length that
 * it is told, and reads what is shorter than announced as if it were whole.
 */
function boundLengths(): void {
  const { readArray, readBytes, readString } = Decoder.prototype;
  // deno-lint-ignore no-explicit-any
  const check = ({ buffer, offset }: any, length: number, lengthBytes: number): void => {
    const left = buffer.length - offset - lengthBytes;
    if (length >= -1 && length <= left) return;
    throw new RangeError(`received a length of ${length} where ${Math.max(0, left)} bytes are left`);
  };
  // deno-lint-ignore no-explicit-any
  Decoder.prototype.readArray = function (this: any, reader: unknown) {
    check(this, this.buffer.readInt32BE(this.offset), 4);
    return readArray.call(this, reader);
  };
  // deno-lint-ignore no-explicit-any
  Decoder.prototype.readBytes = function (this: any, length: number = this.readInt32()) {
    check(this, length, 0);
    return readBytes.call(this, length);
  };
  // deno-lint-ignore no-explicit-any
  Decoder.prototype.readString = function (this: any) {
    check(this, this.buffer.readInt16BE(this.offset), 2);
    return readString.call(this);
  };
}

checkKafkajs();
boundLengths();
