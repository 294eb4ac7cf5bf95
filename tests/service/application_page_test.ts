import { assertEquals } from "@std/assert";
import type { PagePart, PageSnapshot } from "../../src/dashboard/snapshot.ts";
import { EventReader } from "../dashboard/event_reader.ts";
import { writeRecords } from "../kafka/port/records.ts";
import { statusAs } from "../support/status_as.ts";
import { shoutLog, shoutService } from "../support/shout_service.ts";

Deno.test("application page: each instance shows itself and the others, with what is theirs", async () => {
  const log = await shoutLog();
  const [first, second] = [await shoutService(log, "127.0.0.1"), await shoutService(log, "127.0.0.1")];
  try {
    await writeRecords(log, "in", [{ value: "a" }, { value: "b" }]);
    const viewer = new EventReader(await fetch(`${first.server!.url}/page/events`));
    const hello = (await viewer.next())!.data;
    assertEquals([hello.title, (hello.topology as PagePart[])[0]!.sinks], ["shout", ["out"]]);
    assertEquals(hello.actions, []);
    const names = [first, second].map(({ server }) => `127.0.0.1:${server!.port}`).sort();
    const settled = await until(
      viewer,
      ({ instances }) =>
        instances.map(({ name }) => name).sort().join() === names.join() &&
        instances.every(({ ready, partitions }) => ready && partitions.length === 2),
    );
    const owned = settled.instances.flatMap(({ partitions }) => partitions.map(({ partition }) => partition));
    assertEquals(owned.sort(), [0, 1, 2, 3]);
    await viewer.leave();
  } finally {
    await second.close();
    await first.close();
    await log.close();
  }
});

Deno.test("application page: it is below its own path, says so, and can be asked for nothing", async () => {
  const log = await shoutLog();
  const service = await shoutService(log, "127.0.0.1");
  try {
    const { url } = service.server!;
    const answer = await fetch(`${url}/page`);
    assertEquals([answer.url, answer.status], [`${url}/page/`, 200]);
    assertEquals((await answer.text()).includes('src="main.js"'), true);
    const headers = { "content-type": "application/json" };
    const asked = await fetch(`${url}/page/control`, { method: "POST", headers, body: '{"action":"surge"}' });
    assertEquals([asked.status, (await asked.json()).error.includes("this page only shows")], [400, true]);
    // Others may look on, and ask for nothing.
    const port = service.server!.port;
    assertEquals(await statusAs(port, "/page/", "pod-1.example:9001"), 200);
    const other = { method: "POST", headers, body: '{"action":"surge"}' };
    assertEquals(await statusAs(port, "/page/control", "pod-1.example:9001", other), 403);
  } finally {
    await service.close();
    await log.close();
  }
});

/** The first snapshot of which this is true. */
async function until(
  viewer: EventReader,
  isTrue: (snapshot: PageSnapshot) => boolean,
): Promise<PageSnapshot> {
  for (;;) {
    const { event, data } = (await viewer.next())!;
    const snapshot = data as unknown as PageSnapshot;
    if (event === "snapshot" && isTrue(snapshot)) return snapshot;
  }
}
