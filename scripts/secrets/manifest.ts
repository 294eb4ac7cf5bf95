/**
 * The Secret's manifest.
 *
 * @module
 */
import { stringify } from "@std/yaml";
import type { Credentials } from "./credentials.ts";
import { login } from "./jaas.ts";

/** The Secret's name unless another is asked for: what the chart and the deployments refer to. */
export const DEFAULT_NAME = "confluent-secrets";

/** Where the Secret goes by. */
export interface SecretNames {
  /** Default {@linkcode DEFAULT_NAME}. */
  readonly name?: string;
  /** Left out: the one that `kubectl apply` is told. */
  readonly namespace?: string;
}

/** The Secret's data, not encoded yet. */
export function secretData({ access, bootstrapServers, keys, more }: Credentials): Record<string, string> {
  return {
    ...(keys === undefined ? {} : { "api-key": keys.apiKey, "secret-key": keys.secretKey }),
    "bootstrap-servers": bootstrapServers,
    "bootstrap-servers-url": `${access.protocol}://${bootstrapServers}`,
    ...(keys === undefined ? {} : { "sasl-jaas-config": login(access, keys.apiKey, keys.secretKey) }),
    ...more,
  };
}

/**
 * The chart's values for the Secret, as `helm --set` takes them; none where its defaults do. With any other the
 * name is told too: without it the chart looks into the namespace, which `helm template` can't.
 */
export function chartValues({ access, more }: Credentials, name: string): string[] {
  const { protocol, mechanism, registry } = access;
  const has = (key: string) => more[key] !== undefined;
  const values = [
    ...(protocol === "SASL_SSL" ? [] : [`kafka.security.protocol=${protocol}`]),
    ...(mechanism === "PLAIN" ? [] : [`kafka.sasl.mechanism=${mechanism}`]),
    ...(mechanism === "OAUTHBEARER" ? ["kafka.sasl.oauth.tokenUrl=https://…"] : []),
    ...(has("ca.crt") ? [`kafka.ca.secret=${name}`] : []),
    ...(has("tls.crt") ? [`kafka.clientCertificate.secret=${name}`] : []),
    ...(has("key-password") ? ["kafka.clientCertificate.password=key-password"] : []),
    ...(registry === undefined ? [] : [`schemaRegistry.${registry}.secret=${name}`]),
    ...(has("schema-registry-ca.crt") ? [`schemaRegistry.ca.secret=${name}`] : []),
    ...(has("schema-registry-tls.crt") ? [`schemaRegistry.clientCertificate.secret=${name}`] : []),
  ];
  return name === DEFAULT_NAME && values.length === 0 ? [] : [`existingSecret=${name}`, ...values];
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
