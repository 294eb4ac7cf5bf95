import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Access, type AccessOptions, isLoopbackAddress, tokenFor } from "../../src/metrics/access.ts";
import { AccessError, BearerToken } from "../../src/metrics/bearer_token.ts";

const TOKEN = "0123456789abcdef";
const SOURCE = { variable: "KOS_STORES_TOKEN", flag: "--stores-token-file" };

type Asked = Parameters<Access["refusal"]>[0];

/** What is answered to a request: its status and error, or 200 where it may go on. */
async function ask(
  access: Access,
  headers: Record<string, string | undefined> = {},
  { method = "GET", from = "127.0.0.1" } = {},
): Promise<{ readonly status: number; readonly error: string }> {
  const request = {
    method,
    headers: { host: "localhost:9021", ...headers },
    socket: { remoteAddress: from },
  };
  const refusal = await access.refusal(request as unknown as Asked);
  if (refusal === undefined) return { status: 200, error: "" };
  return { status: refusal.status, error: (await refusal.json()).error };
}

async function withToken(options: Partial<AccessOptions> = {}): Promise<Access> {
  return new Access({
    name: "the stores",
    token: await BearerToken.open({ ...SOURCE, value: TOKEN }),
    ...options,
  });
}

const HOME = "10.0.0.7";
const bearing = { authorization: `Bearer ${TOKEN}` };

/** Requests that a browser sends for another page than one of this server. */
const STRANGERS: readonly Record<string, string>[] = [
  { origin: "http://evil.example" },
  { origin: "null" },
  { origin: "http://localhost:3000" },
  { origin: "https://localhost:9021" },
  { origin: "http://localhost:9021.evil.example" },
  { "sec-fetch-site": "cross-site" },
  { "sec-fetch-site": "same-site" },
  { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" },
  { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" },
];

/** Names that were made to point to this machine. */
const NAMES = [
  "evil.example:9021",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "127.evil.example",
  "0.0.0.0:9021",
];

Deno.test("access: without a token this machine is answered, by each of its own names", async () => {
  const access = new Access({ name: "the stores" });
  for (const method of ["GET", "PUT"]) {
    for (
      const headers of [
        {},
        { origin: "http://localhost:9021", "sec-fetch-site": "same-origin" },
        { host: "127.0.0.1:9021", origin: "http://127.0.0.1:9021" },
        { host: "[::1]:9021", "sec-fetch-site": "none" },
        // An address can't be made to point here.
        { host: "127.0.0.2:9021", origin: "http://127.0.0.2:9021" },
        { host: "LOCALHOST", origin: "http://localhost" },
      ]
    ) assertEquals((await ask(access, headers, { method })).status, 200, JSON.stringify(headers));
  }
  for (const from of ["::1", "127.0.0.9", "::ffff:127.0.0.1"]) {
    assertEquals((await ask(access, {}, { from })).status, 200, from);
  }
});

Deno.test("access: without a token another machine, and another name of this one, are refused", async () => {
  const access = new Access({ name: "the stores" });
  for (const from of [HOME, "::ffff:10.0.0.7", "fe80::1", ""]) {
    const { status, error } = await ask(access, {}, { from });
    assertEquals([status, error.includes("another machine")], [403, true], from);
  }
  for (const host of NAMES) {
    const { status, error } = await ask(access, { host, origin: `http://${host}` });
    assertEquals([status, error], [
      403,
      `Cannot show the stores: received host ${host}; ask on this machine, at localhost`,
    ]);
  }
});

Deno.test("access: another page is refused, whatever it brings; a link to here is followed", async () => {
  for (
    const access of [new Access({ name: "a" }), await withToken(), new Access({ name: "a", isPublic: true })]
  ) {
    for (const headers of STRANGERS) {
      for (const method of ["GET", "POST", "DELETE"]) {
        const { status, error } = await ask(access, { ...bearing, ...headers }, { method });
        assertEquals(status, 403, JSON.stringify(headers));
        assertStringIncludes(error, "another page");
      }
    }
    const link = {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    };
    assertEquals((await ask(access, { ...bearing, ...link })).status, 200);
    assertEquals((await ask(access, { ...bearing, ...link }, { method: "POST" })).status, 403, "a form");
  }
});

Deno.test("access: with a token it is what counts, of this machine too unless that is trusted", async () => {
  const access = await withToken();
  for (const from of [HOME, "127.0.0.1"]) {
    for (
      const [headers, received] of [
        [{}, "no token"],
        [{ authorization: "Bearer 0123456789abcdeX" }, "another token"],
        [{ authorization: `Bearer ${TOKEN}0` }, "another token"],
        [{ authorization: TOKEN }, "another token"],
        [{ authorization: `Basic ${btoa(`${TOKEN}:a`)}` }, "another token"],
        [{ authorization: "" }, "another token"],
      ] as const
    ) {
      const { status, error } = await ask(access, headers, { from });
      assertEquals([status, error], [
        401,
        `Cannot show the stores: received ${received}; send Authorization: Bearer with that of KOS_STORES_TOKEN`,
      ]);
    }
    for (const host of ["kstreams:9021", ...NAMES]) {
      assertEquals((await ask(access, { ...bearing, host }, { from, method: "PUT" })).status, 200);
    }
  }
  const typed = { authorization: `Basic ${btoa(`anybody:${TOKEN}`)}` };
  assertEquals((await ask(access, typed, { from: HOME })).status, 200, "as a browser sends what is typed");
  const trusting = await withToken({ trustsThisMachine: true });
  assertEquals((await ask(trusting)).status, 200);
  assertEquals((await ask(trusting, { host: "evil.example" })).status, 401);
  assertEquals((await ask(trusting, {}, { from: HOME })).status, 401, "the name alone is no proof");
  assertEquals((await ask(trusting, bearing, { from: HOME })).status, 200);
  for (const passedOn of [{ "x-forwarded-for": HOME }, { forwarded: `for=${HOME}` }, { via: "1.1 proxy" }]) {
    assertEquals((await ask(trusting, passedOn)).status, 401, "a proxy's address is not that of who asks");
    assertEquals((await ask(trusting, { ...passedOn, ...bearing })).status, 200);
  }
});

Deno.test("access: what is public anybody reads, under any name; who changes it is asked", async () => {
  const access = new Access({ name: "metrics", isPublic: true, requestsPerSecond: 1 });
  for (let i = 0; i < 10; i++) {
    assertEquals((await ask(access, { host: "kstreams:9001" }, { from: HOME })).status, 200);
  }
  assertEquals((await ask(access, { host: "kstreams:9001" }, { from: HOME, method: "PUT" })).status, 403);
  assertEquals((await ask(access, {}, { method: "PUT" })).status, 200);
});

Deno.test("access: who asks too often is told to wait, and nobody else", async () => {
  const access = await withToken({ requestsPerSecond: 1 / 1_000_000 });
  const refused = new Access({ name: "the stores", requestsPerSecond: 1 / 1_000_000 });
  for (const each of [access, refused]) {
    const { status, error } = await ask(each, bearing, { from: HOME });
    assertEquals([status, error], [429, "Cannot show the stores: received too many requests; wait a second"]);
  }
});

Deno.test("access: an address that others reach needs a token, and says how to give one", async () => {
  for (const host of ["127.0.0.1", "localhost", "::1", "127.1.2.3"]) {
    assertEquals(isLoopbackAddress(host), true);
    assertEquals(await tokenFor("the stores", host, "--stores-host", SOURCE), undefined);
  }
  for (const host of ["0.0.0.0", "::", "10.0.0.7", "localhost.evil.example", ""]) {
    const error = await assertRejects(
      () => tokenFor("the stores", host, "--stores-host", SOURCE),
      AccessError,
    );
    for (const part of [host, "--stores-token-file", "KOS_STORES_TOKEN", "--stores-host"]) {
      assertStringIncludes(error.message, part);
    }
    assertEquals(
      await tokenFor("the stores", host, "--stores-host", { ...SOURCE, value: TOKEN }) !== undefined,
      true,
    );
  }
});
