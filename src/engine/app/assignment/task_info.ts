/**
 * What members and leader of an application's group tell each other: the user data of the group's protocol,
 * as JSON. Readers ignore fields that they don't know, and do without those that a former version did not
 * write.
 *
 * @module
 */

/** What one member tells the leader of itself, or the leader each member. */
export interface TaskInfo {
  /**
   * The ids of tasks whose stores a member keeps current, or is to. Any version writes it: it tells kos from
   * strangers.
   */
  readonly standbys: readonly string[];
  /**
   * Of these the tasks that can be taken over without a pause; the leader leaves it out. A member that does
   * not say it gets tasks at once.
   */
  readonly current?: readonly string[];
  /** Of these the tasks that are to be taken over as soon as they are current, as the leader has said. */
  readonly warmups?: readonly string[];
  /** Whether the member is about to end, and wants its tasks to go elsewhere. */
  readonly leaving?: boolean;
  /** Whether the member has tasks that others are warming up; from the leader. */
  readonly waiting?: boolean;
  /** For how long the member has been there, in ms; the leader leaves it out. */
  readonly ageMs?: number;
  /** Where the member is reached, as `host:port`; the leader leaves it out. */
  readonly endpoint?: string;
  /** The tasks of each member that said where it is reached, by that; from the leader. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
  /** The fingerprint of the topology that the writer runs. */
  readonly topology?: string;
}

/** Encodes user data. */
export function encodeTaskInfo(info: TaskInfo): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(info));
}

/** Decodes user data; `undefined` when it is not of this kind: who wrote it is a stranger. */
export function decodeTaskInfo(bytes: Uint8Array | undefined): TaskInfo | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { standbys, current, warmups, leaving, waiting, ageMs, endpoint, hosts, topology } = value;
  const fits = isTexts(standbys) && [current, warmups].every((ids) => ids === undefined || isTexts(ids)) &&
    isOptional("boolean", leaving) && isOptional("boolean", waiting) &&
    isOptional("number", ageMs) && isOptional("string", endpoint) && isOptional("string", topology) &&
    (hosts === undefined || (isRecord(hosts) && Object.values(hosts).every(isTexts)));
  return fits ? value as unknown as TaskInfo : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function isOptional(type: "boolean" | "number" | "string", value: unknown): boolean {
  return value === undefined || typeof value === type;
}
