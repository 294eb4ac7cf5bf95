import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { ProgressReport } from "../../../../src/engine/app/progress/progress_report.ts";

Deno.test("an outage is told of when it begins, also to who waits for it, and when brokers answer again, with how long it was", async () => {
  const said: string[] = [];
  const logger = {
    info: (line: string) => said.push(line),
    warn: (line: string) => said.push(line.replace(/ \(since.*/, "")),
  };
  let answers = 1;
  const config = { applicationId: "app", stallTimeoutMs: 60_000 };
  const report = new ProgressReport(config, logger, () => 0, () => ({
    answers,
    restored: 0,
    tasks: [],
    failing: [],
  }));
  let at = 0;
  const looks = (count: number): void => {
    for (let i = 0; i < count; i++) report.look(at += 1_000);
  };
  looks(1);
  let told = false;
  report.untilCutOff().then(() => told = true);
  await delay(0);
  assertEquals(told, false);
  looks(20);
  await delay(0);
  assertEquals(told, true);
  // Who asks now need not wait.
  await report.untilCutOff();
  answers++;
  looks(3);
  assertEquals(said, ["Not ready: no broker has answered for 5 s", "Brokers answer again after 20 s"]);
  report.close();
});
