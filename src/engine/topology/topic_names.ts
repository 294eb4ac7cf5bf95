/**
 * What Kafka takes as a topic's name, which is also what may be in the names that topics are made of.
 *
 * @module
 */
import { TopologyError } from "../errors.ts";

/** The characters of a topic's name; an application id and a store's name are parts of such names. */
export const TOPIC_NAME: RegExp = /^[a-zA-Z0-9._-]+$/;

/** The longest name that Kafka takes. */
const MOST_CHARACTERS = 249;

/**
 * Refuses a name that no topic can have, where it is written instead of where the topic is created.
 *
 * @param what What is not done: `add store sums`.
 * @throws {TopologyError} When a topic of this name, or with this name in its own, can't be created.
 */
export function refuseNoTopicName(what: string, name: string): void {
  if (TOPIC_NAME.test(name) && name.length <= MOST_CHARACTERS && name !== "." && name !== "..") return;
  throw new TopologyError(
    `Cannot ${what}: received the name ${JSON.stringify(name)}; names of topics, and what ` +
      `they are made of, have at most ${MOST_CHARACTERS} letters, digits, ".", "_" and "-"`,
  );
}
