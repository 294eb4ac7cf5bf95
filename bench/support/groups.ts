import { type Admin, type DeleteGroupsResult, Kafka, logLevel } from "kafkajs";
import { describeError } from "../../src/cli/main.ts";
import { say } from "./kafka.ts";

/** A group is empty when its last member has left it; the broker takes a moment to see that. */
const TRIES = 20;
const BETWEEN_TRIES_MS = 100;

/** Consumer groups as the broker sees them. */
export class Groups {
  readonly #admin: Admin;

  private constructor(admin: Admin) {
    this.#admin = admin;
  }

  /** Connects. */
  static async open(brokers: readonly string[]): Promise<Groups> {
    const admin = new Kafka({ clientId: "bench", brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    return new Groups(admin);
  }

  /** Whether its members have been told what they are to read. Before that they can't have read anything. */
  async isStable(groupId: string): Promise<boolean> {
    const { groups } = await this.#admin.describeGroups([groupId]);
    return groups[0]?.state === "Stable";
  }

  /** Deletes a group whose members have left. One that can't be deleted is reported: the broker forgets it in time. */
  async delete(groupId: string): Promise<void> {
    for (let tries = 1;; tries++) {
      try {
        await this.#admin.deleteGroups([groupId]);
        return;
      } catch (error) {
        // Its class is in kafkajs's types only.
        if ((error as Error).name !== "KafkaJSDeleteGroupsError") throw error;
        const [reason] = (error as { groups?: DeleteGroupsResult[] }).groups ?? [];
        if (reason?.error?.type === "GROUP_ID_NOT_FOUND") return;
        if (tries === TRIES) {
          say(`group ${groupId} stays: ${describeError(reason?.error)}`);
          return;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_TRIES_MS));
    }
  }

  /** Disconnects. */
  async close(): Promise<void> {
    await this.#admin.disconnect();
  }
}
