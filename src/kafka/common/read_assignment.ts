/**
 * An assignment as a member takes it: whoever made it, it is for what the member subscribed to.
 *
 * @module
 */
import { AssignmentRefused } from "../port/errors.ts";
import type { GroupOptions, MemberAssignment } from "../port/group.ts";
import { partitionKey, type TopicPartition } from "../port/topics.ts";
import { decodeAssignment } from "../wire/consumer_protocol.ts";

/**
 * Decodes an assignment and checks it. A partition that is named twice counts once.
 *
 * @throws {AssignmentRefused} When the bytes are no assignment, or name what this member did not subscribe
 * to.
 */
export function readAssignment(
  bytes: Uint8Array,
  { groupId, topics }: Pick<GroupOptions, "groupId" | "topics">,
): Required<Pick<MemberAssignment, "partitions" | "userData">> {
  const { partitions, userData } = decode(bytes, groupId);
  const unique = new Map<string, TopicPartition>();
  const strange: string[] = [];
  for (const each of partitions) {
    const key = partitionKey(each.topic, each.partition);
    if (!topics.includes(each.topic) || each.partition < 0) strange.push(key);
    else unique.set(key, each);
  }
  if (strange.length > 0) {
    throw new AssignmentRefused(
      `Cannot take the assignment of group ${groupId}: received ${strange.slice(0, 10).join(", ")}${
        strange.length > 10 ? ` and ${strange.length - 10} more` : ""
      }, and this member subscribed to ${
        topics.join(", ")
      } only: the group's leader is another program, or runs another ` +
        "topology; stop it, or use another group id (--application-id)",
    );
  }
  return { partitions: [...unique.values()], userData };
}

function decode(bytes: Uint8Array, groupId: string): ReturnType<typeof decodeAssignment> {
  try {
    return decodeAssignment(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new AssignmentRefused(
      `Cannot take the assignment of group ${groupId}: received ${bytes.length} bytes that are no ` +
        `assignment (${error.message}): the group's leader is another program; stop it, or use another ` +
        "group id (--application-id)",
      { cause: error },
    );
  }
}
