import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { EventReader } from "../../dashboard/event_reader.ts";
import { serving } from "../../support/serving.ts";

const PAGE = new URL("../../../scripts/page.ts", import.meta.url).pathname;

function start(args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=page", PAGE, ...args],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function failing(args: readonly string[]): Promise<string> {
  const { code, stderr } = await start(args).output();
  assertEquals(code, 2, args.join(" "));
  return new TextDecoder().decode(stderr);
}

Deno.test("page: what is to be read has to be named, in a form that can be", async () => {
  assertStringIncludes(await failing([]), "received neither --prometheus nor --instances");
  assertStringIncludes(await failing(["--instances", "localhost"]), "expected hosts and ports");
  assertStringIncludes(await failing(["--prometheus", "localhost:9090"]), "expected a URL");
  await failing(["--prometheus", "http://localhost:9090", "--instances", "localhost:9001"]);
});

Deno.test("page: it shows the instances that are named, and ends by SIGTERM", async () => {
  const instance = await serving(() => new Response("kos_load 0.25\n"));
  const child = start(["--instances", `127.0.0.1:${instance.port}`, "--port", "0"]);
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const { value } = await lines.read();
    assertMatch(value!, /^the page is at http:\/\/localhost:\d+\n$/);
    const viewer = new EventReader(await fetch(`${value!.slice("the page is at ".length).trim()}/events`));
    for (;;) {
      const { event, data } = (await viewer.next())!;
      if (event !== "snapshot") continue;
      assertEquals(data.instances, [{
        name: `127.0.0.1:${instance.port}`,
        ready: true,
        partitions: [],
        load: 0.25,
      }]);
      break;
    }
    await viewer.leave();
    child.kill("SIGTERM");
    assertEquals((await child.status).code, 0);
  } finally {
    await lines.cancel();
    await child.stderr.cancel();
    await instance.close();
  }
});
