import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  RegistryError,
  SchemaRegistry,
  type SchemaRegistryOptions,
} from "../../../src/serde/avro/registry.ts";

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** A registry whose answers are given in their order (the last one again and again), with a clock that only pauses move. */
function registryOf(
  answers: (() => Response | Promise<Response>)[],
  options: SchemaRegistryOptions = {},
  url = "http://registry.test/base/",
): { registry: SchemaRegistry; requests: Request[]; pauses: number[]; advance: (ms: number) => void } {
  const requests: Request[] = [];
  const pauses: number[] = [];
  let now = 5_000;
  const registry = new SchemaRegistry(url, {
    fetch: async (url, init) => {
      const { method = "GET", body } = init;
      requests.push({
        method,
        url,
        headers: init.headers as Record<string, string>,
        body: body as string | undefined,
      });
      const answer = answers[Math.min(requests.length, answers.length) - 1]!;
      return await answer();
    },
    now: () => now,
    pause: (ms) => {
      pauses.push(ms);
      now += ms;
      return Promise.resolve();
    },
    ...options,
  });
  return { registry, requests, pauses, advance: (ms) => now += ms };
}

const json = (body: unknown, status = 200) => (): Response => Response.json(body, { status });
const networkError = (): Promise<Response> => Promise.reject(new TypeError("connection refused"));
const NOT_FOUND = json({ error_code: 40403, message: "Schema not found" }, 404);

Deno.test("register posts the schema under the subject, once however often it is asked", async () => {
  const { registry, requests } = registryOf([json({ id: 7 })]);
  assertEquals(
    await Promise.all([registry.register("a/b-key", '"int"'), registry.register("a/b-key", '"int"')]),
    [7, 7],
  );
  assertEquals(await registry.register("a/b-key", '"int"'), 7);
  assertEquals(requests.length, 1);
  const { method, url, headers, body } = requests[0]!;
  assertEquals(`${method} ${url}`, "POST http://registry.test/base/subjects/a%2Fb-key/versions");
  assertEquals(headers["content-type"], "application/vnd.schemaregistry.v1+json");
  assert(!("authorization" in headers));
  assertEquals(JSON.parse(body!), { schema: '"int"' });
  assertEquals(registry.peek(7)?.text, '"int"', "what was registered is known by its id");
  await registry.register("other-key", '"int"');
  await registry.register("a/b-key", '"long"');
  assertEquals(requests.length, 3, "another subject or schema is asked for itself");
});

Deno.test("a schema is fetched once however many wait for it", async () => {
  const { registry, requests } = registryOf([json({ schema: '"int"' })]);
  assertEquals(registry.peek(3), undefined);
  const both = await Promise.all([registry.schemaById(3), registry.schemaById(3)]);
  assertEquals(both.map((each) => each?.text), ['"int"', '"int"']);
  assertEquals((await registry.schemaById(3))?.text, '"int"');
  assertEquals(registry.peek(3)?.text, '"int"');
  assertEquals(requests.map(({ method, url }) => `${method} ${url}`), [
    "GET http://registry.test/base/schemas/ids/3",
  ]);
});

Deno.test("that there is no such schema is remembered for a while", async () => {
  const { registry, requests, advance } = registryOf([NOT_FOUND, json({ schema: '"int"' })]);
  assertEquals(await registry.schemaById(3), undefined);
  assertEquals(registry.peek(3), null);
  advance(29_999);
  assertEquals(await registry.schemaById(3), undefined);
  assertEquals(requests.length, 1);
  advance(1);
  assertEquals(registry.peek(3), undefined);
  assertEquals((await registry.schemaById(3))?.text, '"int"');
  advance(100_000);
  assertEquals(registry.peek(3)?.text, '"int"');
});

Deno.test("5xx, 429 and network errors are tried again with a growing pause, 4xx are not", async () => {
  const busy = json({ message: "busy" }, 503);
  const slow = json({}, 429);
  const { registry, requests, pauses } = registryOf([
    networkError,
    busy,
    slow,
    busy,
    busy,
    busy,
    json({ schema: '"int"' }),
  ], {
    timeoutMs: 60_000,
  });
  assertEquals((await registry.schemaById(1))?.text, '"int"');
  assertEquals(requests.length, 7);
  assertEquals(pauses, [500, 1000, 2000, 4000, 4000, 4000]);

  for (const status of [400, 401, 422]) {
    const refused = registryOf([json({ message: "no" }, status)]);
    await assertRejects(
      () => refused.registry.register("s", "{}"),
      RegistryError,
      `received status ${status} (no)`,
    );
    assertEquals(refused.requests.length, 1);
  }
});

Deno.test("a conflict is asked about once more, as another one may have registered the same schema at the same moment", async () => {
  const raced = registryOf([json({ message: "already exists" }, 409), json({ id: 7 })]);
  assertEquals(await raced.registry.register("s", "{}"), 7);
  assertEquals([raced.requests.length, raced.pauses], [2, [500]]);

  const refused = registryOf([json({ message: "incompatible" }, 409)]);
  await assertRejects(() => refused.registry.register("s", "{}"), RegistryError, "status 409 (incompatible)");
  assertEquals(refused.requests.length, 2);
});

Deno.test("after the time is over the error says what was asked, what came back and what to do", async () => {
  const { registry, requests, pauses } = registryOf([networkError, json({ message: "busy" }, 503)], {
    timeoutMs: 2_000,
  });
  const error = await assertRejects(() => registry.register("T-key", "{}"), RegistryError);
  assertEquals(
    error.message,
    "Cannot register the schema of subject T-key at http://registry.test/base: received status 503 (busy) (tried 3 times); " +
      "check that the registry runs and that SCHEMA_REGISTRY is its URL; `deno task registry` starts a local one",
  );
  assertEquals((error as RegistryError).status, 503);
  assertEquals(pauses, [500, 1000]);
  assertEquals(requests.length, 3);
});

Deno.test("a failure is told to all who wait and then forgotten", async () => {
  const { registry, requests } = registryOf([
    json({}, 422),
    json({ id: 1 }),
    json({}, 401),
    json({ schema: '"int"' }),
  ]);
  const both = await Promise.allSettled([registry.register("s", "{}"), registry.register("s", "{}")]);
  assertEquals(both.map(({ status }) => status), ["rejected", "rejected"]);
  assertEquals(requests.length, 1);
  assertEquals(await registry.register("s", "{}"), 1);
  await assertRejects(() => registry.schemaById(2), RegistryError, "status 401");
  assertEquals(registry.peek(2), undefined);
  assertEquals((await registry.schemaById(2))?.text, '"int"');
});

Deno.test("an answer that does not come is given up", async () => {
  const registry = new SchemaRegistry("http://registry.test", {
    // The pause before a retry is longer than what is left.
    timeoutMs: 20,
    retryBackoffMs: 1_000,
    fetch: (_, { signal }) =>
      new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason))),
  });
  await assertRejects(() => registry.schemaById(1), RegistryError, "no answer within 20 ms (tried once)");
});

Deno.test("answers that are not the API's say so", async () => {
  const page = (status: number) => (): Response => new Response("<html>hello</html>", { status });
  for (
    const [answer, message] of [
      [
        page(404),
        "Cannot get schema 1 at http://registry.test/base: received status 404; check that SCHEMA_REGISTRY is the base URL",
      ],
      [page(200), "received <html>hello</html>; check that SCHEMA_REGISTRY is the base URL"],
      [json({ nothing: true }), 'received {"nothing":true}; check that'],
      [
        json({ error_code: 40401, message: "Subject not found" }, 404),
        "received status 404 (Subject not found); check that",
      ],
    ] as const
  ) {
    const { registry } = registryOf([answer]);
    await assertRejects(() => registry.schemaById(1), RegistryError, message);
    assertEquals(registry.peek(1), undefined, "only the API's own answer says that a schema is missing");
  }
  await assertRejects(
    () => registryOf([json({ id: "7" })]).registry.register("s", "{}"),
    RegistryError,
    'received {"id":"7"}',
  );
});

Deno.test("the other refusals tell what to do", async () => {
  for (
    const [status, remedy] of [
      [
        401,
        "it asks who you are: set SCHEMA_REGISTRY_USER and SCHEMA_REGISTRY_PASSWORD, or SCHEMA_REGISTRY_TOKEN",
      ],
      [403, "it asks who you are"],
      [409, "make the schema compatible"],
      [422, "the registry does not take the schema"],
    ] as const
  ) {
    await assertRejects(
      () => registryOf([json({}, status)]).registry.register("s", "{}"),
      RegistryError,
      remedy,
    );
  }
});

Deno.test("a schema that is not Avro's is known as such, and registered as such", async () => {
  const { registry, requests } = registryOf([json({ schema: "{}", schemaType: "JSON" }), json({ id: 2 })]);
  assertEquals(await registry.schemaById(1), { text: "{}", type: "JSON", references: [] });
  const references = [{ name: "a", subject: "s", version: 1 }];
  await registry.register("t", "{}", { type: "JSON", references });
  assertEquals(JSON.parse(requests[1]!.body!), { schema: "{}", schemaType: "JSON", references });
});

Deno.test("what a schema refers to is loaded with it, each once and after what it refers to itself", async () => {
  const ref = (name: string): object => ({ name, subject: `${name}/s`, version: 1 });
  const { registry, requests } = registryOf([
    json({ schema: "main", references: [ref("A"), ref("B")] }),
    json({ schema: "a", references: [ref("B")] }),
    json({ schema: "b" }),
  ]);
  assertEquals(await registry.schemaById(1), {
    text: "main",
    type: "AVRO",
    references: [{ name: "B", text: "b" }, { name: "A", text: "a" }],
  });
  assertEquals(requests.map(({ url }) => url.slice("http://registry.test/base".length)), [
    "/schemas/ids/1",
    "/subjects/A%2Fs/versions/1",
    "/subjects/B%2Fs/versions/1",
  ]);
});

Deno.test("a schema that refers to ever more others is refused", async () => {
  let version = 0;
  const endless = (): Response =>
    Response.json({ schema: "x", references: [{ name: "x", subject: "s", version: ++version }] });
  const { registry } = registryOf([endless]);
  await assertRejects(() => registry.schemaById(1), RegistryError, "refers to more than 200 schemas");
});

Deno.test("user and password are sent, and never shown", async () => {
  const secret = "s3cr€t:%";
  const expected = `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`ann:${secret}`)))}`;
  const url = `http://ann:${encodeURIComponent(secret)}@registry.test/?token=1`;
  for (
    const { registry, requests } of [
      registryOf([json({}, 403)], {}, url),
      registryOf([json({}, 403)], { username: "ann", password: secret }),
      registryOf([networkError, json({}, 500)], {}, url),
    ]
  ) {
    const error = await assertRejects(() => registry.schemaById(1), RegistryError) as RegistryError;
    assertEquals(requests[0]!.headers.authorization, expected);
    const shown = `${error.message} ${error.stack} ${registry.url} ${requests[0]!.url} ${
      Deno.inspect(error)
    }`;
    for (const part of [secret, encodeURIComponent(secret), "s3cr", "token"]) {
      assert(!shown.includes(part), shown);
    }
  }
  for (
    const wrong of [
      "ann:s3cret@registry",
      "ftp://ann:s3cret@registry",
      "//ann:s3cret@registry",
      "http://ann:s3cret@",
      "http://a:s3cret@h:x",
    ]
  ) {
    const error = assertThrows(
      () => new SchemaRegistry(wrong),
      TypeError,
      "Cannot use as a schema registry: received",
    ) as Error;
    assert(!error.message.includes("s3cret"), error.message);
  }
});

Deno.test("what is no URL is refused with what is allowed", () => {
  for (const wrong of ["", "registry", "localhost:8081", "ftp://registry", "http://a:8081,http://b:8081"]) {
    assertThrows(
      () => new SchemaRegistry(wrong),
      TypeError,
      `received ${wrong}; allowed is one http or https URL`,
    );
  }
});
