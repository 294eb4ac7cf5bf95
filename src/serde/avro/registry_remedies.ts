/**
 * What to do about a registry that says no, or that can't be trusted.
 *
 * @module
 */
import type { RegistryAccessOptions } from "./registry_access.ts";

const NOT_THE_API =
  "check that SCHEMA_REGISTRY is the base URL of Confluent's API (Apicurio's ends in /apis/ccompat/v7)";

/** What to do about an answer of the API, or of what is none. */
export function remedyOf(
  { status, elsewhere }: { readonly status: number; readonly elsewhere?: string | undefined },
  access: RegistryAccessOptions,
): string {
  switch (status) {
    case 401:
    case 403:
      return elsewhere === undefined
        ? credentials(access)
        : "credentials go to SCHEMA_REGISTRY's host alone: set it to the address where the redirect ends";
    case 404:
      return NOT_THE_API;
    case 409:
      return "make the schema compatible with the subject's former versions, or change the subject's " +
        "compatibility level";
    case 422:
      return "the registry does not take the schema: see its message";
    default:
      return NOT_THE_API;
  }
}

/** What to look at where the registry does not let the client in. */
function credentials({ username, token, tokenFile, passwordFile, certFile }: RegistryAccessOptions): string {
  if (token || tokenFile) {
    const variable = `SCHEMA_REGISTRY_TOKEN${tokenFile ? "_FILE" : ""}`;
    return `check the token of ${variable}: it may have expired, or may not do that`;
  }
  if (username) {
    const variable = `SCHEMA_REGISTRY_PASSWORD${passwordFile ? "_FILE" : ""}`;
    return `check SCHEMA_REGISTRY_USER and ${variable} (or the user and the password in SCHEMA_REGISTRY), ` +
      "and what that user may do";
  }
  if (certFile) {
    return "check what the certificate of SCHEMA_REGISTRY_CERT may do, or set a user or a token too";
  }
  return "it asks who you are: set SCHEMA_REGISTRY_USER and SCHEMA_REGISTRY_PASSWORD, or " +
    "SCHEMA_REGISTRY_TOKEN, or for a client certificate SCHEMA_REGISTRY_CERT and SCHEMA_REGISTRY_KEY";
}

/**
 * What to do about a connection that TLS refuses, which trying again would not help; `undefined` for other
 * failures.
 *
 * @param why What the runtime said: each of them says it in its own words.
 */
export function refusalOf(why: string, { caFile, certFile }: RegistryAccessOptions): string | undefined {
  if (/CERT_HAS_EXPIRED|certificate: Expired|certificate (?:has )?expired/.test(why)) {
    return "its certificate has expired: renew it at the registry, or set this machine's clock right";
  }
  if (/CERT_NOT_YET_VALID|NotValidYet|certificate not valid yet/.test(why)) {
    return "its certificate is not valid yet: set this machine's clock right";
  }
  if (/ALTNAME_INVALID|NotValidForName|certificate not valid for name/.test(why)) {
    return "its certificate is one of other hosts: name the registry in SCHEMA_REGISTRY by a host name " +
      "that its certificate has";
  }
  if (/UNABLE_TO_(?:VERIFY|GET_ISSUER)|SELF_SIGNED|UnknownIssuer|CaUsedAsEndEntity/.test(why)) {
    // Of an expired one Deno says the same where authorities are given.
    return caFile
      ? `check that SCHEMA_REGISTRY_CA, ${
        JSON.stringify(caFile)
      }, has the authority of its certificate, and ` +
        "that its certificate has not expired"
      : "set SCHEMA_REGISTRY_CA to a PEM file with the authority of its certificate";
  }
  if (
    /CERTIFICATE_REQUIRED|CertificateRequired|ALERT_BAD_CERTIFICATE|ALERT_UNKNOWN_CA|HANDSHAKE_FAILURE/i.test(
      why,
    )
  ) {
    return certFile
      ? `it refuses the certificate of SCHEMA_REGISTRY_CERT, ${JSON.stringify(certFile)}: set one of an ` +
        "authority that it trusts"
      : "it asks for a client certificate: set SCHEMA_REGISTRY_CERT and SCHEMA_REGISTRY_KEY to PEM files";
  }
  if (/WRONG_VERSION_NUMBER|InvalidContentType|PACKET_LENGTH_TOO_LONG/.test(why)) {
    return "it speaks no TLS at that port: begin SCHEMA_REGISTRY with http://, or name its port for https";
  }
  return undefined;
}
