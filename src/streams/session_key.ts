import { type FrameHeader, ZONES } from "../game/hit.ts";
import { KeyError } from "../service/store_routes.ts";

/**
 * Reads a session's key: `<ts>,<machine>,<zone>`, such as `1700000000000,000042,EU`, or a JSON object.
 * @throws {KeyError} When it is neither.
 */
export function parseSessionKey(text: string): FrameHeader {
  const [ts, machine, zone] = text.startsWith("{") ? fromJson(text) : fromList(text);
  if (
    Number.isSafeInteger(ts) && typeof machine === "string" && machine !== "" &&
    ZONES.some((each) => each === zone)
  ) {
    return { ts: ts as number, machine, zone: zone as FrameHeader["zone"] };
  }
  throw new KeyError(
    `Cannot read a session's key: received ${text}; it is <ts>,<machine>,<zone>, such as ` +
      `1700000000000,000042,EU (zones: ${ZONES.join(", ")}), or {"ts":…,"machine":…,"zone":…}`,
  );
}

function fromList(text: string): unknown[] {
  const [ts = "", ...rest] = text.split(",");
  return [/^-?\d+$/.test(ts) ? Number(ts) : undefined, ...(rest.length === 2 ? rest : [])];
}

function fromJson(text: string): unknown[] {
  let parsed: Partial<FrameHeader>;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new KeyError(`Cannot read a session's key: received ${text}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return [parsed.ts, parsed.machine, parsed.zone];
}
