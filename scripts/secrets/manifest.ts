/**
 * The Secret's manifest.
 *
 * @module
 */
import { stringify } from "@std/yaml";
import type { Credentials } from "./credentials.ts";
import { plainLogin } from "./jaas.ts";

/** The Secret's name unless another is asked for: what the chart and the deployments refer to. */
export const DEFAULT_NAME = "confluent-secrets";

/** The keys in the Secret's data. */
export type SecretKey =
  | "api-key"
  | "secret-key"
  | "bootstrap-servers"
  | "bootstrap-servers-url"
  | "sasl-jaas-config";

/** Where the Secret goes by. */
export interface SecretNames {
  /** Default {@linkcode DEFAULT_NAME}. */
  readonly name?: string;
  /** Left out: the one that `kubectl apply` is told. */
  readonly namespace?: string;
}

/** The Secret's data, not encoded yet. */
export function secretData(of: Credentials): Record<SecretKey, string> {
  return {
    "api-key": of.apiKey,
    "secret-key": of.secretKey,
    "bootstrap-servers": of.bootstrapServers,
    "bootstrap-servers-url": `SASL_SSL://${of.bootstrapServers}`,
    "sasl-jaas-config": plainLogin(of.apiKey, of.secretKey),
  };
}

/** The Secret as YAML for `kubectl apply -f`: each value as Base64 of its UTF-8. */
export function secretManifest(of: Credentials, names: SecretNames = {}): string {
  return manifest(secretData(of), names, (value) => new TextEncoder().encode(value).toBase64());
}

/** The Secret as YAML with `********` for each value, to show what would be written. */
export function maskedManifest(of: Credentials, names: SecretNames = {}): string {
  return manifest(secretData(of), names, () => "********");
}

function manifest(
  data: Record<string, string>,
  names: SecretNames,
  shown: (value: string) => string,
): string {
  const { name = DEFAULT_NAME, namespace } = names;
  return stringify({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    type: "Opaque",
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, shown(value)])),
  }, { lineWidth: -1 });
}
