import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { createPrivateKey } from "node:crypto";
import { createServer as createPlainServer, type Server as PlainServer } from "node:http";
import { createServer, type Server, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { join } from "@std/path";
import { SchemaRegistry } from "../../../src/serde/avro/registry.ts";
import { RegistryConfigError, RegistryError } from "../../../src/serde/avro/registry_error.ts";
import { registryConfig, registryFrom } from "../../../src/serde/avro/registry_config.ts";
import { Authority } from "../../support/authority.ts";

/** What a registry lets in, and what it saw. */
interface Registry {
  readonly url: string;
  readonly seen: (string | undefined)[];
}

type Handler = (authorization: string | undefined, path: string) => [status: number, location?: string];

const SECRET = "s3cr3t-of-a-test";
const BASIC = `Basic ${Buffer.from(`ann:${SECRET}`).toString("base64")}`;

/** Runs a registry over TLS, or without, that has one schema. */
async function serving(
  tls: ServerOptions | undefined,
  handler: Handler,
  body: (registry: Registry) => Promise<void>,
): Promise<void> {
  const seen: (string | undefined)[] = [];
  const answer: Parameters<typeof createPlainServer>[1] = (request, response) => {
    const { authorization } = request.headers;
    seen.push(authorization);
    const [status, location] = handler(authorization, request.url ?? "");
    response.writeHead(status, location === undefined ? {} : { location });
    response.end(JSON.stringify(status === 200 ? { schema: '"int"' } : { message: "no" }));
  };
  const server: Server | PlainServer = tls ? createServer(tls, answer) : createPlainServer(answer);
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await body({ url: `${tls ? "https" : "http"}://localhost:${port}`, seen });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Certificates as files, and others as they are. */
interface Files {
  readonly folder: string;
  readonly authority: Authority;
  readonly file: (name: string, text: string) => string;
}

async function withFiles(body: (files: Files) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kos-registry-access-" });
  const file = (name: string, text: string): string => {
    Deno.writeTextFileSync(join(folder, name), text);
    return join(folder, name);
  };
  try {
    await body({ folder, authority: new Authority("Authority"), file });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const open: Handler = () => [200];

/** The message of a registry of an environment that does not give its schema; it never has the secret. */
async function refused(variables: Record<string, string>): Promise<string> {
  const registry = new SchemaRegistry(variables.SCHEMA_REGISTRY!, {
    ...registryConfig((name) => variables[name]),
    // What could be tried again is told at once.
    retryBackoffMs: 60_000,
  });
  const error = await assertRejects(() => registry.schemaById(1), RegistryError);
  const shown = `${error.message} ${error.stack} ${Deno.inspect(error)}`;
  for (const part of [SECRET, BASIC.slice(6), "PRIVATE KEY"]) assert(!shown.includes(part), shown);
  return error.message;
}

async function getsSchema(variables: Record<string, string>): Promise<void> {
  const registry = registryFrom((name) => variables[name])!;
  assertEquals((await registry.schemaById(1))?.text, '"int"');
}

/** What an environment is refused with before anything is asked. */
function wrong(variables: Record<string, string>): string {
  const { message } = assertThrows(
    () => registryConfig((name) => variables[name]),
    RegistryConfigError,
  ) as Error;
  assert(!message.includes(SECRET), message);
  return message;
}

Deno.test("a registry's own authority is trusted by SCHEMA_REGISTRY_CA, and what TLS refuses is told with the remedy", async () => {
  await withFiles(async ({ authority, file }) => {
    const SCHEMA_REGISTRY_CA = file("ca.pem", authority.cert);
    const stranger = file("stranger.pem", new Authority("Stranger").cert);
    const hosts = ["localhost"];
    await serving(
      authority.issue("good", { hosts }),
      open,
      async ({ url: SCHEMA_REGISTRY }) => {
        await getsSchema({ SCHEMA_REGISTRY, SCHEMA_REGISTRY_CA });
        assertMatch(
          await refused({ SCHEMA_REGISTRY }),
          "; set SCHEMA_REGISTRY_CA to a PEM file with the authority of",
        );
        assertMatch(
          await refused({ SCHEMA_REGISTRY, SCHEMA_REGISTRY_CA: stranger }),
          `check that SCHEMA_REGISTRY_CA, ${JSON.stringify(stranger)}, has the authority of its certificate`,
        );
      },
    );
    const expired = authority.issue("expired", { hosts, days: 0 });
    await serving(expired, open, async ({ url: SCHEMA_REGISTRY }) => {
      assertMatch(await refused({ SCHEMA_REGISTRY, SCHEMA_REGISTRY_CA }), "its certificate has not expired");
      assertMatch(
        await refused({ SCHEMA_REGISTRY }),
        "its certificate has expired: renew it at the registry",
      );
    });
    const other = authority.issue("other", { hosts: ["registry.example"] });
    await serving(other, open, async ({ url: SCHEMA_REGISTRY }) => {
      assertMatch(
        await refused({ SCHEMA_REGISTRY, SCHEMA_REGISTRY_CA }),
        "its certificate is one of other hosts: name the registry in SCHEMA_REGISTRY",
      );
    });
    await serving(undefined, open, async ({ url }) => {
      const SCHEMA_REGISTRY = url.replace("http:", "https:");
      assertMatch(await refused({ SCHEMA_REGISTRY, SCHEMA_REGISTRY_CA }), "it speaks no TLS at that port");
    });
  });
});

Deno.test("a client certificate lets in, read anew for each request, and one that does not is named", async () => {
  await withFiles(async ({ authority, file }) => {
    const server = authority.issue("server");
    const client = authority.issue("client");
    const stranger = new Authority("Stranger").issue("stranger");
    const tls = { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: true };
    const SCHEMA_REGISTRY_CA = file("ca.pem", authority.cert);
    const SCHEMA_REGISTRY_CERT = file("client.pem", client.cert);
    const SCHEMA_REGISTRY_KEY = file("client.key", client.key);
    await serving(tls, open, async ({ url: SCHEMA_REGISTRY }) => {
      const base = { SCHEMA_REGISTRY, SCHEMA_REGISTRY_CA };
      const variables = { ...base, SCHEMA_REGISTRY_CERT, SCHEMA_REGISTRY_KEY };
      await getsSchema(variables);
      assertMatch(await refused(base), "it asks for a client certificate: set SCHEMA_REGISTRY_CERT and");
      const both = file("both.pem", client.key + client.cert);
      await getsSchema({ ...base, SCHEMA_REGISTRY_CERT: both, SCHEMA_REGISTRY_KEY: both });
      const registry = registryFrom((name) => (variables as Record<string, string>)[name])!;
      file("client.pem", stranger.cert);
      file("client.key", stranger.key);
      assertMatch(await refused(variables), "SCHEMA_REGISTRY_CERT");
      file("client.pem", client.cert);
      file("client.key", client.key);
      assertEquals((await registry.schemaById(2))?.text, '"int"', "a file that was exchanged is taken");
    });
  });
});

Deno.test("user, password and token let in, by variable or file, and are named when they do not", async () => {
  await withFiles(async ({ file }) => {
    await serving(undefined, (authorization) => [authorization === BASIC ? 200 : 401], async ({ url }) => {
      const SCHEMA_REGISTRY = url;
      const SCHEMA_REGISTRY_USER = "ann";
      await getsSchema({ SCHEMA_REGISTRY, SCHEMA_REGISTRY_USER, SCHEMA_REGISTRY_PASSWORD: SECRET });
      const SCHEMA_REGISTRY_PASSWORD_FILE = file("password", `${SECRET}\n`);
      await getsSchema({ SCHEMA_REGISTRY, SCHEMA_REGISTRY_USER, SCHEMA_REGISTRY_PASSWORD_FILE });
      await getsSchema({ SCHEMA_REGISTRY: url.replace("//", `//ann:${SECRET}@`) });
      assertMatch(
        await refused({ SCHEMA_REGISTRY, SCHEMA_REGISTRY_USER: "bob", SCHEMA_REGISTRY_PASSWORD_FILE }),
        "received status 401 (no); check SCHEMA_REGISTRY_USER and SCHEMA_REGISTRY_PASSWORD_FILE (or",
      );
      assertMatch(await refused({ SCHEMA_REGISTRY }), "it asks who you are: set SCHEMA_REGISTRY_USER and");
    });
    const bearer = `Bearer ${SECRET}`;
    await serving(undefined, (authorization) => [authorization === bearer ? 200 : 403], async ({ url }) => {
      const SCHEMA_REGISTRY = url;
      await getsSchema({ SCHEMA_REGISTRY, SCHEMA_REGISTRY_TOKEN: SECRET });
      const SCHEMA_REGISTRY_TOKEN_FILE = file("token", "an-older-one");
      const registry = new SchemaRegistry(url, { tokenFile: SCHEMA_REGISTRY_TOKEN_FILE });
      assertMatch(
        await refused({ SCHEMA_REGISTRY, SCHEMA_REGISTRY_TOKEN_FILE }),
        "received status 403 (no); check the token of SCHEMA_REGISTRY_TOKEN_FILE: it may have expired",
      );
      file("token", SECRET);
      assertEquals((await registry.schemaById(1))?.text, '"int"', "a token that was exchanged is taken");
    });
  });
});

Deno.test("a redirect keeps the credentials on the registry's own host alone", async () => {
  await serving(undefined, open, async (other) => {
    const path = (at: string): string | undefined => at.startsWith("/r/") ? at.slice(2) : undefined;
    const handler: Handler = (_, at) => path(at) ? [307, path(at)] : [200];
    await serving(undefined, handler, async ({ url, seen }) => {
      const registry = new SchemaRegistry(`${url}/r`, { username: "ann", password: SECRET });
      assertEquals((await registry.schemaById(1))?.text, '"int"');
      assertEquals(seen, [BASIC, BASIC]);
    });
    await serving(undefined, (_, at) => [308, other.url + at], async ({ url, seen }) => {
      const registry = new SchemaRegistry(url, { username: "ann", password: SECRET });
      assertEquals((await registry.schemaById(1))?.text, '"int"');
      assertEquals([seen, other.seen], [[BASIC], [undefined]]);
    });
  });
  await serving(undefined, () => [401], async (other) => {
    await serving(undefined, () => [302, other.url], async ({ url: SCHEMA_REGISTRY }) => {
      const variables = { SCHEMA_REGISTRY, SCHEMA_REGISTRY_TOKEN: SECRET };
      assertMatch(await refused(variables), "credentials go to SCHEMA_REGISTRY's host alone");
      assertEquals(other.seen, [undefined]);
    });
  });
});

Deno.test("a redirect from https to http, to nowhere or in circles is refused", async () => {
  await withFiles(async ({ authority, file }) => {
    const SCHEMA_REGISTRY_CA = file("ca.pem", authority.cert);
    const server = authority.issue("server");
    await serving(undefined, open, async (plain) => {
      await serving(server, () => [301, plain.url], async ({ url: SCHEMA_REGISTRY }) => {
        assertMatch(
          await refused({ SCHEMA_REGISTRY, SCHEMA_REGISTRY_CA }),
          "it redirects from https to http",
        );
        assertEquals(plain.seen, []);
      });
    });
  });
  await serving(undefined, (_, at) => [302, at], async ({ url: SCHEMA_REGISTRY, seen }) => {
    assertMatch(await refused({ SCHEMA_REGISTRY }), "it redirects more than 5 times");
    assertEquals(seen.length, 6);
  });
  for (const [status, location] of [[302, "file:///etc/passwd"], [307, undefined]] as const) {
    await serving(undefined, () => [status, location], async ({ url: SCHEMA_REGISTRY }) => {
      assertMatch(await refused({ SCHEMA_REGISTRY }), "it redirects to what is no http or https URL");
    });
  }
});

Deno.test("variables that don't go together, and files that are not what they have to be, are refused at the start", async () => {
  await withFiles(async ({ folder, authority, file }) => {
    const SCHEMA_REGISTRY = "https://registry.example";
    const client = authority.issue("client");
    const expired = authority.issue("expired", { days: 0 });
    const cert = file("client.pem", client.cert);
    const key = file("client.key", client.key);
    const none = join(folder, "none");
    for (
      const [variables, message] of [
        [{ SCHEMA_REGISTRY: "registry:8081" }, "Cannot use SCHEMA_REGISTRY: received"],
        [{ SCHEMA_REGISTRY_USER: "ann" }, "received it without SCHEMA_REGISTRY_PASSWORD or"],
        [
          { SCHEMA_REGISTRY_PASSWORD: SECRET },
          "SCHEMA_REGISTRY_PASSWORD: received it without SCHEMA_REGISTRY_USER",
        ],
        [
          { SCHEMA_REGISTRY_USER: "ann", SCHEMA_REGISTRY_PASSWORD: SECRET, SCHEMA_REGISTRY_TOKEN: SECRET },
          "Cannot use SCHEMA_REGISTRY_TOKEN: received a user or a password too",
        ],
        [
          { SCHEMA_REGISTRY_TOKEN: SECRET, SCHEMA_REGISTRY_TOKEN_FILE: cert },
          "Cannot use SCHEMA_REGISTRY_TOKEN_FILE: received it together with SCHEMA_REGISTRY_TOKEN",
        ],
        [{ SCHEMA_REGISTRY_TOKEN: `${SECRET}\r\nx: y` }, "received a token with spaces or other characters"],
        [{ SCHEMA_REGISTRY_TOKEN_FILE: none }, `_FILE: received ${JSON.stringify(none)}; allowed is a file`],
        [{ SCHEMA_REGISTRY_TOKEN_FILE: file("empty", "\n") }, "which is empty; write the secret into it"],
        [{ SCHEMA_REGISTRY_CA: none }, "Cannot use SCHEMA_REGISTRY_CA: received"],
        [{ SCHEMA_REGISTRY_CA: key }, "allowed is a PEM file with a certificate"],
        [
          { SCHEMA_REGISTRY_CA: cert, SCHEMA_REGISTRY: "http://r.example" },
          "begin SCHEMA_REGISTRY with https://",
        ],
        [{ SCHEMA_REGISTRY_CERT: cert }, "SCHEMA_REGISTRY_CERT: received it without SCHEMA_REGISTRY_KEY"],
        [{ SCHEMA_REGISTRY_KEY: key }, "SCHEMA_REGISTRY_KEY: received it without SCHEMA_REGISTRY_CERT"],
        [
          { SCHEMA_REGISTRY_CERT: cert, SCHEMA_REGISTRY_KEY: cert },
          "a PEM file with a private key that has no",
        ],
        [
          {
            SCHEMA_REGISTRY_CERT: cert,
            SCHEMA_REGISTRY_KEY: file("other.key", authority.issue("other").key),
          },
          "which is not the key of the certificate in",
        ],
        [
          {
            SCHEMA_REGISTRY_CERT: file("old.pem", expired.cert),
            SCHEMA_REGISTRY_KEY: file("old.key", expired.key),
          },
          "which expired at",
        ],
      ] as [Record<string, string>, string][]
    ) {
      assertMatch(wrong({ SCHEMA_REGISTRY, ...variables }), message);
    }
    assertEquals(registryConfig(() => undefined), undefined);
    assertEquals(registryFrom(() => ""), undefined);
    await Promise.resolve();
  });
});

Deno.test("a user in the address and a token are refused together at the start", () => {
  const variables = { SCHEMA_REGISTRY: `https://ann:${SECRET}@r.example`, SCHEMA_REGISTRY_TOKEN: "t-1" };
  assertMatch(wrong(variables), "Cannot use SCHEMA_REGISTRY_TOKEN: received a user or a password too");
});

Deno.test("an encrypted key is refused, and no terminal is asked for its password", async () => {
  await withFiles(({ authority, file }) => {
    const client = authority.issue("client");
    const key = createPrivateKey(client.key).export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: SECRET,
    }) as string;
    const message = wrong({
      SCHEMA_REGISTRY: "https://r.example",
      SCHEMA_REGISTRY_CERT: file("client.pem", client.cert),
      SCHEMA_REGISTRY_KEY: file("client.key", key),
    });
    assertMatch(message, "a PEM file with a private key that has no password");
    return Promise.resolve();
  });
});

Deno.test("an answer with a status or a header that none can have is an error, and does not end the process", async () => {
  await withFiles(async ({ authority, file }) => {
    const SCHEMA_REGISTRY_CA = file("ca.pem", authority.cert);
    for (const head of ["999 Odd", "200 OK\r\nx-odd: a\u0001b"]) {
      const server = createTlsServer(authority.issue("odd"));
      server.on("secureConnection", (socket) => {
        socket.on("error", () => {});
        socket.once("data", () => socket.end(`HTTP/1.1 ${head}\r\ncontent-length: 2\r\n\r\n{}`));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      const message = await refused({ SCHEMA_REGISTRY: `https://localhost:${port}`, SCHEMA_REGISTRY_CA });
      assertMatch(message, `Cannot get schema 1 at https://localhost:${port}: `);
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

function assertMatch(message: string, part: string): void {
  assert(message.includes(part), `${JSON.stringify(message)} does not have ${JSON.stringify(part)}`);
}
