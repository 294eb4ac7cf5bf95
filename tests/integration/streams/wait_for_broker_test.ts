/** The binaries where there is no broker yet. */
import { assert, assertEquals } from "@std/assert";
import { startBroker } from "../../../scripts/support/broker.ts";
import { freePorts } from "../../../scripts/support/ports.ts";
import { until } from "../../engine/app/app_contract.ts";

/** A binary as a process, with what it has said. */
class Process {
  readonly #child: Deno.ChildProcess;
  readonly #read: Promise<void>;
  said = "";

  constructor(permissions: string, path: string, port: number, metricsPort: number, args: string[] = []) {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", `-P=${permissions}`, path, ...args],
      env: {
        KAFKA_BROKERS: `localhost:${port}`,
        KOS_METRICS_PORT: String(metricsPort),
        KOS_METRICS_HOST: "127.0.0.1",
        KOS_CONTROL_PORT: "0",
      },
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#child = child;
    this.#read = (async () => {
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) this.said += text;
    })();
  }

  async end(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended by itself, with a code that tells.
    }
    const { code } = await this.#child.status;
    await this.#read;
    return code;
  }
}

async function health(port: number, path: string): Promise<[number, string]> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return [answer.status, await answer.text()];
}

const BINARIES: [string, string, string[]][] = [
  ["streams", "src/streams/main.ts", []],
  ["gen", "src/datagen/main.ts", ["--rate", "100"]],
];

for (const [name, path, args] of BINARIES) {
  Deno.test(`${name} waits for a broker, alive and not ready, and begins when it comes`, async () => {
    const [port, metricsPort] = freePorts(2) as [number, number];
    const process = new Process(name, path, port, metricsPort, args);
    try {
      await until("waiting", () => process.said.includes("waiting for a broker, "));
      assertEquals((await health(metricsPort, "/healthz"))[0], 200);
      const [status, body] = await health(metricsPort, "/readyz");
      assertEquals(status, 503);
      assert(body.includes("waiting for a broker"), body);
      const broker = await startBroker({ port });
      try {
        await until("ready", async () => (await health(metricsPort, "/readyz"))[0] === 200);
        assert(process.said.includes("a broker answers after"), process.said);
      } finally {
        assertEquals(await process.end(), 0, process.said);
        await broker.stop();
      }
    } finally {
      await process.end("SIGKILL");
    }
  });

  Deno.test(`${name} ends at once and in order when it is asked to while it waits`, async () => {
    const [port, metricsPort] = freePorts(2) as [number, number];
    const process = new Process(name, path, port, metricsPort, args);
    await until("waiting", () => process.said.includes("waiting for a broker, "));
    assertEquals(await process.end(), 0, process.said);
    assert(process.said.includes("stopped before it began"), process.said);
  });

  Deno.test(`${name} with --wait-for-broker 0s ends at once where there is none`, async () => {
    const [port, metricsPort] = freePorts(2) as [number, number];
    const process = new Process(name, path, port, metricsPort, [...args, "--wait-for-broker", "0s"]);
    await until("ended", () => process.said.includes("Cannot reach Kafka at"));
    assertEquals(await process.end("SIGKILL") === 0, false);
    assert(!process.said.includes("waiting"), process.said);
  });
}
