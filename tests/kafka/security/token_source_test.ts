import { assertEquals, assertRejects } from "@std/assert";
import { ConfigError, ConnectionLost, ConnectionRejected } from "../../../src/kafka/port/errors.ts";
import { TokenSource } from "../../../src/kafka/security/token_source.ts";

/** A source whose clock and answers a test sets. */
function sourceOf(lifetimeMs: number | undefined = 100_000) {
  const state = { now: 0, asked: 0, fails: undefined as Error | undefined, warnings: [] as string[] };
  const source = new TokenSource(() => {
    state.asked++;
    if (state.fails !== undefined) return Promise.reject(state.fails);
    return Promise.resolve({ value: `t${state.asked}`, lifetimeMs });
  }, { now: () => state.now, warn: (message) => state.warnings.push(message) });
  return { state, source };
}

Deno.test("all who ask at once share one request, and its token until most of its life is over", async () => {
  const { state, source } = sourceOf();
  assertEquals(await Promise.all([source.token(), source.token(), source.token()]), ["t1", "t1", "t1"]);
  state.now = 59_000;
  assertEquals(await source.token(), "t1");
  state.now = 60_000;
  assertEquals(await source.token(), "t2");
  assertEquals(state.asked, 2);
});

Deno.test("a connection that is made anew at 70% of its life finds a fresh token, whenever it began", async () => {
  for (const began of [0, 0.3, 0.59]) {
    const { state, source } = sourceOf();
    assertEquals(await source.token(), "t1");
    // A connection that begins then lives as long as the token's rest.
    state.now = 100_000 * (began + 0.7 * (1 - began));
    assertEquals(await source.token(), "t2");
  }
});

Deno.test("while the endpoint is away a token that holds serves on, and no longer", async () => {
  const { state, source } = sourceOf();
  await source.token();
  state.fails = new ConnectionLost("away");
  state.now = 70_000;
  assertEquals(await source.token(), "t1");
  assertEquals(await source.token(), "t1");
  assertEquals(state.asked, 2); // not asked again at once
  state.now = 100_000;
  await assertRejects(() => source.token(), ConnectionLost, "away");
  state.fails = undefined;
  await assertRejects(() => source.token(), ConnectionLost, "away"); // not asked again at once
  state.now = 101_000;
  assertEquals(await source.token(), "t4");
});

Deno.test("credentials that the endpoint refuses are told of at once, while the token in use holds", async () => {
  const { state, source } = sourceOf();
  await source.token();
  state.fails = new ConnectionRejected("401");
  state.now = 70_000;
  assertEquals(await Promise.all([source.token(), source.token()]), ["t1", "t1"]);
  assertEquals(state.warnings, ["401 (the last token holds for 30 s more)"]);
  state.now = 75_000;
  assertEquals(await source.token(), "t1");
  assertEquals(state.warnings.length, 2);
  state.now = 100_000;
  await assertRejects(() => source.token(), ConnectionRejected, "401");
});

Deno.test("who never gets a token asks once a second, however many connections are tried", async () => {
  const { state, source } = sourceOf();
  state.fails = new ConnectionRejected("401");
  for (; state.now < 3_000; state.now += 100) {
    await assertRejects(() => source.token(), ConnectionRejected, "401");
  }
  assertEquals(state.asked, 3);
});

Deno.test("a token that a broker refuses is forgotten; one whose end nobody tells is kept for a minute", async () => {
  const { state, source } = sourceOf(undefined);
  await source.token();
  source.forget("other");
  assertEquals(await source.token(), "t1");
  source.forget("t1");
  assertEquals(await source.token(), "t2");
  state.now = 60_000;
  assertEquals(await source.token(), "t3");
});

Deno.test("what fails before the endpoint is asked, as a file that is being replaced, is tried again", async () => {
  let [now, fails] = [0, true];
  const source = new TokenSource(() => {
    if (fails) throw new ConfigError("no certificate in it");
    return Promise.resolve({ value: "t", lifetimeMs: undefined });
  }, { now: () => now });
  await assertRejects(() => source.token(), ConfigError);
  [now, fails] = [1_000, false];
  assertEquals(await source.token(), "t");
});
