import { assertEquals, assertStringIncludes } from "@std/assert";
import { serveControl, type Throughput } from "../../src/datagen/control.ts";
import { statusAs } from "../support/status_as.ts";

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function controlled(
  run: (
    ask: (init?: RequestInit, path?: string) => Promise<Answer>,
    calls: string[],
    port: number,
  ) => Promise<void>,
  started = true,
) {
  const calls: string[] = [];
  const throughput: Throughput = {
    describe: () => ({ rate: calls.length }),
    setRate: (rate) => void calls.push(`rate ${rate}`),
    setProfile: (profile) => void calls.push(`profile ${profile.text} ${profile.lengthMs}`),
    reset: () => void calls.push("reset"),
  };
  const server = await serveControl({ throughput: () => started ? throughput : undefined, port: 0 });
  try {
    await run(
      async (init, path = "/throughput") => {
        const answer = await fetch(server.url + path, init);
        return { status: answer.status, body: await answer.json() };
      },
      calls,
      server.port,
    );
  } finally {
    await server.close();
  }
}

const put = (body: string, headers: Record<string, string> = {}) => ({ method: "PUT", body, headers });

Deno.test("control: GET tells, PUT changes, DELETE goes back, each answers with the state", async () => {
  await controlled(async (ask, calls) => {
    assertEquals(await ask(), { status: 200, body: { rate: 0 } });
    assertEquals(await ask(put('{"rate": 5000}')), { status: 200, body: { rate: 1 } });
    await ask(put('{"rate": "max"}'));
    await ask(put('{"rate": 0}'));
    await ask(put('{"rate": 0.5}'));
    await ask(put('{"profile": "step:1@1s"}'));
    assertEquals(await ask({ method: "DELETE" }), { status: 200, body: { rate: 6 } });
    assertEquals(calls, [
      "rate 5000",
      "rate Infinity",
      "rate 0",
      "rate 0.5",
      "profile step:1@1s 1000",
      "reset",
    ]);
  });
});

Deno.test("control: as curl -d sends it, the content type is that of a form", async () => {
  await controlled(async (ask, calls) => {
    const answer = await ask(put('{"rate":20000}', { "content-type": "application/x-www-form-urlencoded" }));
    assertEquals(answer.status, 200);
    assertEquals(calls, ["rate 20000"]);
  });
});

Deno.test("control: what is wrong with a body is said, and nothing changes", async () => {
  await controlled(async (ask, calls) => {
    const cases: [string, string][] = [
      ["", "received nothing, which is no JSON"],
      ["rate=5000", "received rate=5000, which is no JSON"],
      ["5000", "received 5000; allowed: {"],
      ["null", "received null"],
      ["[1]", "received [1]"],
      ["{}", "received {}; allowed"],
      ['{"speed":1}', 'received {"speed":1}'],
      ['{"rate":1,"profile":"step:1@1s"}', "allowed"],
      ['{"rate":-1}', "received the rate -1"],
      ['{"rate":"5000"}', 'received the rate "5000"'],
      ['{"rate":null}', "received the rate null"],
      ['{"rate":1e999}', "received the rate Infinity"],
      ['{"profile":5}', "received the profile 5"],
      ['{"profile":"ramp:5"}', "received 'ramp:5' in part 1 (character 1); expected ramp:"],
    ];
    for (const [body, message] of cases) {
      const answer = await ask(put(body));
      assertEquals(answer.status, 400, body.slice(0, 50));
      assertStringIncludes(String(answer.body["error"]), message);
    }
    assertEquals(calls, []);
  });
});

Deno.test("control: too large a body is refused before it is read to its end", async () => {
  await controlled(async (ask, calls) => {
    const answer = await ask(put(`{"rate":${"1".repeat(20_000)}}`));
    assertEquals(answer.status, 413);
    assertStringIncludes(String(answer.body["error"]), "received more than 10000 bytes; allowed: {");
    assertEquals(calls, []);
  });
});

Deno.test("control: another page, and another name for this machine, change nothing and read nothing", async () => {
  await controlled(async (_ask, calls, port) => {
    const strangers = [
      ["localhost", { origin: "http://evil.example" }],
      ["localhost", { "sec-fetch-site": "cross-site" }],
      ["evil.example", {}],
    ] as const;
    for (const [host, headers] of strangers) {
      for (const init of [put('{"rate":5}'), { method: "DELETE" }, {}]) {
        assertEquals(await statusAs(port, "/throughput", host, { ...init, headers }), 403, host);
      }
    }
    assertEquals(calls, []);
  });
});

Deno.test("control: other methods and paths", async () => {
  await controlled(async (ask) => {
    assertEquals((await ask({ method: "POST", body: "{}" })).status, 405);
    assertEquals((await ask({}, "/")).status, 404);
  });
});

Deno.test("control: before the generator began", async () => {
  await controlled(async (ask) => {
    assertEquals((await ask()).status, 503);
    assertEquals((await ask(put('{"rate": 5}'))).status, 503);
  }, false);
});
