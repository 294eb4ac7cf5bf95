import { type Coordinator, GroupError } from "./coordinator.ts";
import { messageOf } from "../port/errors.ts";
import type { Logger } from "../port/logger.ts";

/** Leaving takes no longer than this, in ms: who leaves is about to end. */
const LEAVE_TIMEOUT_MS = 3_000;

/**
 * Tells a group that a member leaves it. When that can't be told the group finds out by itself, later, which
 * is said.
 */
export async function leaveGroup(
  coordinator: Coordinator,
  { groupId, memberId, logger }: { groupId: string; memberId: string; logger: Logger },
): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`no answer within ${LEAVE_TIMEOUT_MS} ms`)),
    LEAVE_TIMEOUT_MS,
  );
  try {
    await Promise.race([coordinator.leave(memberId), late]);
  } catch (error) {
    if (error instanceof GroupError && error.code === "UNKNOWN_MEMBER_ID") return;
    logger.warn(
      `Cannot leave group ${groupId}: ${messageOf(error)}; the group will notice after the session timeout`,
    );
  } finally {
    clearTimeout(timer);
  }
}
