/**
 * A registry that can't be asked or says no. The message says what was asked, what came back and what to do.
 */
export class RegistryError extends Error {
  /** Tells it from other errors. */
  override name = "RegistryError";
  /** The HTTP status; `undefined` when there was no answer. */
  readonly status: number | undefined;
  /** An error with the status of the registry's answer; `undefined` without an answer. */
  constructor(message: string, status: number | undefined, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/**
 * A setting of a registry has a value that is not allowed: the message names its variable, what was received
 * (never a secret) and what is allowed.
 */
export class RegistryConfigError extends Error {
  /** Tells it from other errors. */
  override name = "RegistryConfigError";
}
