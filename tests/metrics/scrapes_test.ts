import { assertEquals } from "@std/assert";
import { Gauge, Registry } from "prom-client";
import { Scrapes } from "../../src/metrics/scrapes.ts";

Deno.test("scrapes: whoever asks while a text is made gets that one, compressed or not", async () => {
  const registry = new Registry();
  let made = 0;
  const go = Promise.withResolvers<void>();
  new Gauge({
    name: "kos_made",
    help: "h",
    registers: [registry],
    async collect() {
      this.set(++made);
      await go.promise;
    },
  });
  const scrapes = new Scrapes(registry);
  const ask = (encoding: string): Promise<Response> =>
    scrapes.answer(new Request("http://localhost/metrics", { headers: { "accept-encoding": encoding } }));
  const answers = Array.from({ length: 50 }, (_, i) => ask(i % 2 === 0 ? "gzip" : "identity"));
  go.resolve();
  for (const answer of await Promise.all(answers)) {
    const zipped = answer.headers.get("content-encoding") === "gzip";
    const body = zipped ? answer.body!.pipeThrough(new DecompressionStream("gzip")) : answer.body;
    assertEquals((await new Response(body).text()).includes("kos_made 1\n"), true);
  }
  assertEquals(made, 1);
  assertEquals((await (await ask("identity")).text()).includes("kos_made 2\n"), true, "then another one");
});

Deno.test("scrapes: who asks without end takes a fifth of the time, and gets the last text meanwhile", async () => {
  const registry = new Registry();
  let nowMs = 0;
  let made = 0;
  new Gauge({
    name: "kos_made",
    help: "h",
    registers: [registry],
    collect() {
      nowMs += 100;
      this.set(++made);
    },
  });
  const scrapes = new Scrapes(registry, () => nowMs);
  const scrape = async (): Promise<string> =>
    await (await scrapes.answer(new Request("http://localhost/metrics"))).text();
  while (nowMs < 60_000) {
    const before = nowMs;
    const text = await scrape();
    assertEquals(text.includes(`kos_made ${made}\n`), true);
    if (nowMs === before) nowMs += 1; // answered at once
  }
  assertEquals(made >= 110 && made <= 140, true, `made ${made} texts of 100 ms in 60 s`);
  nowMs += 500;
  const before = made;
  await scrape();
  assertEquals(made, before + 1, "a new one, as there is time again");
});
