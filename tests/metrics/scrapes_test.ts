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
