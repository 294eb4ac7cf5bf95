import { BrokerLink, type LinkSettings, type SendOptions } from "./broker_link.ts";
import type { LinkHealth } from "./link_health.ts";

/** A {@linkcode BrokerLink} that tells which requests were answered and which failed. */
export class WatchedLink extends BrokerLink {
  readonly #health: LinkHealth;

  constructor(host: string, port: number, settings: LinkSettings, health: LinkHealth, origin?: string) {
    super(host, port, settings, origin);
    this.#health = health;
  }

  // A connection that stands resolves without asking anybody: only its failures say something.
  override async connect(...args: Parameters<BrokerLink["connect"]>): Promise<void> {
    try {
      await super.connect(...args);
    } catch (error) {
      this.#health.failed(error);
      throw error;
    }
  }

  // deno-lint-ignore no-explicit-any -- as kafkajs decodes it
  override request(...args: Parameters<BrokerLink["request"]>): Promise<any> {
    return this.#watch(super.request(...args));
  }

  override send<T>(
    apiKey: number,
    apiName: string,
    apiVersion: number,
    body: Uint8Array,
    options: SendOptions<T>,
  ): Promise<T> {
    return this.#watch(super.send(apiKey, apiName, apiVersion, body, options));
  }

  async #watch<T>(answer: Promise<T>): Promise<T> {
    try {
      const value = await answer;
      this.#health.answered();
      return value;
    } catch (error) {
      this.#health.failed(error);
      throw error;
    }
  }
}
