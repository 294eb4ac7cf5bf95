/**
 * What a PEM file holds, as text: neither a certificate nor a key is read here.
 *
 * @module
 */

/** The certificates, each with its first and its last line. */
export function certificateBlocks(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}

/**
 * The first private key, up to the text's end where it is cut off; `undefined` without one. Of a file that
 * has certificates too, as Kafka's keystores are, runtimes may read no key.
 */
export function privateKeyBlock(text: string): string | undefined {
  return /-----BEGIN ((?:\w+ )?PRIVATE KEY)-----.*?(-----END \1-----|$)/s.exec(text)?.[0];
}

/** Whether a private key has a password: of one that is not given, Node asks the terminal. */
export function isEncryptedKey(block: string): boolean {
  return /BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(block);
}
