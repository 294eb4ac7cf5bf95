import { assertEquals, assertRejects } from "@std/assert";
import { Fleet, type Instance } from "../../src/demo/fleet.ts";

/** Instances that answer as a process of streams does, and count what they were asked to process. */
class Fakes {
  readonly started: string[] = [];
  readonly processed = new Map<string, number>();
  readonly ended = new Map<string, string>();
  #servers = new Map<string, Deno.HttpServer>();

  readonly start = (name: string): Promise<Instance> => {
    this.started.push(name);
    this.processed.set(name, 0);
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
      const path = new URL(request.url).pathname;
      return new Response(path === "/metrics" ? this.#text(name) : "ok");
    });
    this.#servers.set(name, server);
    return Promise.resolve({
      url: `http://127.0.0.1:${(server.addr as Deno.NetAddr).port}`,
      ended: () => this.ended.get(name),
      stop: () => server.shutdown(),
      kill: () => server.shutdown(),
    });
  };

  #text(name: string): string {
    return `kos_streams_records_processed_total ${this.processed.get(name)}\n` +
      "kos_streams_rebalances_total 1\nkos_busy_seconds_total 0\n";
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("a fleet starts what is missing and ends the youngest", async () => {
  const fakes = new Fakes();
  const fleet = new Fleet(fakes.start);
  fleet.scaleTo(3);
  await until(() => fakes.started.length === 3);
  assertEquals((await fleet.look(0)).map(({ name, ready }) => `${name} ${ready}`), [
    "streams-1 true",
    "streams-2 true",
    "streams-3 true",
  ]);
  fleet.scaleTo(1);
  assertEquals(fleet.running, 1);
  await until(() => fleet.present === 1);
  fleet.scaleTo(2);
  await until(() => fakes.started.length === 4);
  assertEquals((await fleet.look(1000)).map(({ name }) => name), ["streams-1", "streams-2"]);
  await fleet.close();
  assertEquals(fleet.present, 0);
});

Deno.test("an instance's rate is of one life: a new one of the same name does not make it negative", async () => {
  const fakes = new Fakes();
  const fleet = new Fleet(fakes.start);
  const begin = async (): Promise<void> => {
    fleet.scaleTo(1);
    await new Promise((resolve) => setTimeout(resolve, 0));
  };
  await begin();
  await fleet.look(0);
  fakes.processed.set("streams-1", 500);
  assertEquals((await fleet.look(2000))[0]!.out, 250);
  assertEquals(fleet.rebalances, 1);
  fleet.scaleTo(0);
  await until(() => fleet.present === 0);
  await begin();
  assertEquals((await fleet.look(3000))[0]!.out, 0);
  assertEquals(fleet.rebalances, 2);
  await fleet.close();
});

Deno.test("a fleet fails when an instance ends by itself, or can't be started", async () => {
  const fakes = new Fakes();
  const fleet = new Fleet(fakes.start);
  fleet.scaleTo(1);
  await new Promise((resolve) => setTimeout(resolve, 0));
  fakes.ended.set("streams-1", "exit code 1");
  const [look] = await fleet.look(1);
  assertEquals(look!.ready, false);
  await assertRejects(() => fleet.failed, Error, "Cannot go on: received exit code 1 from streams-1");
  await fleet.close();
  const other = new Fleet(() => Promise.reject(new Error("no room")));
  other.scaleTo(1);
  await assertRejects(() => other.failed, Error, "no room");
  await other.close();
});

Deno.test("a killed instance is missing, and no failure", async () => {
  const fakes = new Fakes();
  const fleet = new Fleet(fakes.start);
  fleet.scaleTo(2);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals([fleet.kill("streams-9"), fleet.kill("streams-1")], [false, true]);
  assertEquals(fleet.running, 1);
  fleet.scaleTo(2);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals((await fleet.look(0)).map(({ name, ready }) => `${name} ${ready}`), [
    "streams-2 true",
    "streams-1 true",
  ]);
  await fleet.close();
});
