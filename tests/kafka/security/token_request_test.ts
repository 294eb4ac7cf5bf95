import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { isFinal } from "../../../src/kafka/port/errors.ts";
import { requestToken } from "../../../src/kafka/security/token_request.ts";
import { Authority } from "../../support/authority.ts";
import { type Answer, json, TokenEndpoint, unsigned } from "../../support/token_endpoint.ts";

const SECRET = "s3cret of+the client";

async function ask(answer: Answer, timeoutMs?: number) {
  await using endpoint = await TokenEndpoint.start(answer);
  const credentials = {
    mechanism: "oauthbearer",
    tokenUrl: endpoint.url,
    clientId: "kos",
    clientSecret: SECRET,
    scope: "kafka write",
  } as const;
  const token = await requestToken(credentials, undefined, timeoutMs);
  return { token, asked: endpoint.asked };
}

/** Its error: never with the secret. */
async function errorOf(answer: Answer, timeoutMs?: number): Promise<{ message: string; final: boolean }> {
  const error = await assertRejects(() => ask(answer, timeoutMs), Error);
  assertStringIncludes(error.message, "KAFKA_OAUTH_TOKEN_URL");
  assert(!/s3cret|Basic [\w+/=]{8}/.test(error.message), error.message);
  return { message: error.message, final: isFinal(error) };
}

Deno.test("a token is asked for by client credentials, form-encoded in the header", async () => {
  const { token, asked } = await ask((_, response) =>
    json(response, 200, { access_token: "abc", expires_in: 300 })
  );
  assertEquals(token, { value: "abc", lifetimeMs: 300_000 });
  const [{ authorization, form }] = asked as [typeof asked[number]];
  assertEquals(Object.fromEntries(form), { grant_type: "client_credentials", scope: "kafka write" });
  assertEquals(atob(authorization.replace("Basic ", "")), "kos:s3cret+of%2Bthe+client");
});

Deno.test("how long a token holds is what the answer says, else what the token does", async () => {
  const lifetime = async (body: unknown) =>
    (await ask((_, response) => json(response, 200, body))).token.lifetimeMs;
  assertEquals(await lifetime({ access_token: "opaque" }), undefined);
  assertEquals(await lifetime({ access_token: unsigned("kos", 120) }), 120_000);
  assertEquals(await lifetime({ access_token: unsigned("kos", 120), expires_in: "60" }), 60_000);
});

Deno.test("what an endpoint may answer besides a token, with what to do and whether it is final", async () => {
  const cases: [Answer, boolean, ...string[]][] = [
    [
      (_, response) => json(response, 401, { error: "invalid_client", error_description: `not ${SECRET}` }),
      true,
      "HTTP 401 (invalid_client: not …)",
      "check API_KEY and SECRET_KEY",
    ],
    // In the ways that it was sent in, and cut off.
    [
      (question, response) =>
        json(response, 400, {
          error: question.authorization,
          error_description: `${"x".repeat(140)}${SECRET}`,
        }),
      true,
      "HTTP 400 (Basic ",
    ],
    [(_, response) => json(response, 404, {}), true, "HTTP 404", "name the token endpoint itself"],
    [(_, response) => json(response, 200, { token: "x" }), true, "HTTP 200 without an access_token"],
    [(_, response) => json(response, 200, { access_token: "a\r\nb" }), true, "without an access_token"],
    [(_, response) => void response.end("<html>"), true, "without an access_token"],
    [(_, response) => json(response, 503, {}), false, "HTTP 503", "is the endpoint up"],
    [(_, response) => json(response, 429, {}), false, "HTTP 429"],
    [
      (_, response) => void response.writeHead(307, { location: "https://evil.example/x?y=1" }).end(),
      true,
      "a redirect to evil.example; it is not followed",
    ],
    [(_, response) => response.destroy(), false, "is the endpoint up"],
    [endless, true, "an answer of more than 262144 bytes"],
  ];
  for (const [answer, final, ...parts] of cases) {
    const error = await errorOf(answer);
    for (const part of parts) assertStringIncludes(error.message, part);
    assertEquals(error.final, final, error.message);
  }
});

Deno.test("an endpoint that does not end its answer is not waited for", async () => {
  const { message, final } = await errorOf((_, response) => void response.write("{"), 200);
  assertStringIncludes(message, "no answer within 200 ms");
  assertEquals(final, false);
});

Deno.test("a port where nobody listens is told as such", async () => {
  const endpoint = await TokenEndpoint.start(() => {});
  const tokenUrl = endpoint.url;
  await endpoint[Symbol.asyncDispose]();
  const credentials = { mechanism: "oauthbearer", tokenUrl, clientId: "kos", clientSecret: SECRET } as const;
  const error = await assertRejects(() => requestToken(credentials), Error, "is the endpoint up");
  assertEquals(isFinal(error), false);
});

Deno.test("an endpoint over TLS has to be of its name, and trusted by the system or KAFKA_CA: else it is told nothing", async () => {
  const authority = new Authority();
  const cases = [
    [authority.issue("id"), authority.cert, undefined],
    [authority.issue("id"), undefined, "a certificate that is refused"],
    [
      authority.issue("id"),
      new Authority("other").cert,
      "signed by an authority of the system or in KAFKA_CA",
    ],
    [authority.issue("id", { hosts: ["other.example"] }), authority.cert, "it has to be of that name"],
    [authority.issue("id", { days: 0 }), authority.cert, "a certificate that is refused"],
  ] as const;
  for (const [certificate, ca, says] of cases) {
    await using endpoint = await TokenEndpoint.start(
      (_, response) => json(response, 200, { access_token: "abc" }),
      certificate,
    );
    const { url: tokenUrl, asked } = endpoint;
    const credentials = {
      mechanism: "oauthbearer",
      tokenUrl,
      clientId: "kos",
      clientSecret: SECRET,
    } as const;
    if (says === undefined) assertEquals((await requestToken(credentials, ca)).value, "abc");
    else assert(isFinal(await assertRejects(() => requestToken(credentials, ca), Error, says)));
    assertEquals(asked.length, says === undefined ? 1 : 0);
  }
});

/** Writes until nobody reads any more. */
const endless: Answer = (_, response) => {
  const chunk = "x".repeat(64 * 1024);
  const go = (): void => {
    while (!response.destroyed && response.write(chunk)) { /* more */ }
  };
  response.on("drain", go);
  response.on("error", () => {});
  go();
};
