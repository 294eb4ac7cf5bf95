/** The generator while its broker is gone: what it holds is bounded, and nothing is lost in silence. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { startBroker } from "../../../scripts/kafka.ts";
import { peakMemory } from "../../../scripts/support/processes.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
/** Without a bound it is over this within seconds: 26 MB/s of buffers, one for each linger of eight partitions. */
const MOST_MEBIBYTES = 220;

/** The generator as a task starts it. */
class Gen {
  readonly child: Deno.ChildProcess;
  readonly stdout: Promise<string>;
  readonly #over: Promise<void>;
  #lines: string[] = [];
  #news = Promise.withResolvers<void>();

  constructor(bootstrap: string, ...args: string[]) {
    this.child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-P=gen", "src/datagen/main.ts", "--control-port", "off", "--json", ...args],
      cwd: ROOT,
      env: { KAFKA_BROKERS: bootstrap, KOS_DEBUG: "", SCHEMA_REGISTRY: "", API_KEY: "", SECRET_KEY: "" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.stdout = new Response(this.child.stdout).text();
    this.#over = this.#listen();
  }

  /** All that it said. */
  get text(): string {
    return this.#lines.join("");
  }

  /** Waits for something that it says from now on. */
  async says(pattern: RegExp): Promise<void> {
    this.#lines = [];
    let over = false;
    void this.#over.then(() => over = true);
    while (!pattern.test(this.text)) {
      assert(!over, `ended without saying ${pattern}; it said:\n${this.text}`);
      await this.#news.promise;
    }
  }

  /** The most memory that it had so far, in MiB. */
  async peak(): Promise<number> {
    return await peakMemory(this.child.pid) / 2 ** 20;
  }

  async end(): Promise<{ code: number; summary: { lost: number; sent: number } }> {
    const { code } = await this.child.status;
    await this.#over;
    return { code, summary: JSON.parse(await this.stdout) };
  }

  async #listen(): Promise<void> {
    for await (const text of this.child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#lines.push(text);
      this.#news.resolve();
      this.#news = Promise.withResolvers();
    }
    this.#news.resolve();
  }
}

Deno.test("gen: while its broker is gone it pauses within bounded memory, then goes on; what it gives up it tells", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "kos-outage-" });
  let broker = await startBroker({ dataDir });
  const port = Number(broker.bootstrap.split(":")[1]);
  const gens: Gen[] = [];
  try {
    const patient = new Gen(broker.bootstrap, "--rate", "5000", "--topic-prefix", "patient-");
    const hasty = new Gen(
      broker.bootstrap,
      ...["--rate", "5000", "--topic-prefix", "hasty-", "--delivery-timeout", "3s"],
    );
    gens.push(patient, hasty);
    await Promise.all(gens.map((gen) => gen.says(/sent [1-9][\d,]{3,} /)));
    await broker.stop();

    const { code, summary } = await hasty.end();
    assertEquals(code, 1);
    assert(summary.lost > 0);
    assertMatch(hasty.text, /lost \d+ records: .*not acknowledged within 3000 ms; last: .*ECONNREFUSED/);

    // Its queue is full, and it waits.
    await patient.says(/rate 0\/s of 5,000\/s {2}errors 0 {2}queue [\d,]+ \(8[.\d]* MiB\) {2}retries/);
    const peak = await patient.peak();
    assert(peak < MOST_MEBIBYTES, `it took ${peak.toFixed(0)} MiB`);

    broker = await startBroker({ port, dataDir });
    await patient.says(/rate [1-9][\d,]+\/s of 5,000\/s {2}errors 0 {2}queue \d{1,3} /);
    patient.child.kill("SIGTERM");
    const ended = await patient.end();
    assertEquals([ended.code, ended.summary.lost], [0, 0], patient.text);
  } finally {
    for (const { child } of gens) {
      try {
        child.kill("SIGKILL");
      } catch { /* it has ended */ }
    }
    await broker.wipe();
  }
});
