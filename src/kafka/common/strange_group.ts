import { deadline } from "@std/async/deadline";
import { type Coordinator, GroupError } from "./coordinator.ts";
import { AssignmentRefused } from "../port/errors.ts";

/** What a group answers whose members or type are of another kind. */
const STRANGE_GROUP: ReadonlySet<string> = new Set(["INCONSISTENT_GROUP_PROTOCOL", "GROUP_ID_NOT_FOUND"]);
/** What is only for an error's message is not waited for any longer, in ms. */
const DESCRIBE_TIMEOUT_MS = 3_000;

/** Adds what the group is to the error of who has no part in it; gives other errors back as they are. */
export async function withDescription(
  error: unknown,
  coordinator: Coordinator,
  groupId: string,
): Promise<unknown> {
  const strange = error instanceof AssignmentRefused ||
    (error instanceof GroupError && STRANGE_GROUP.has(error.code));
  if (!strange || coordinator.describeGroup === undefined) return error;
  try {
    const words = await deadline(coordinator.describeGroup(), DESCRIBE_TIMEOUT_MS);
    if (words === undefined) return error;
    const message = `${error.message}. Of group ${groupId} the broker says: ${words}`;
    return error instanceof GroupError
      ? new GroupError(error.code, message, { cause: error })
      : new AssignmentRefused(message, { cause: error });
  } catch {
    // The error itself says enough.
    return error;
  }
}
