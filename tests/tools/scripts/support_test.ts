import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { cacheDir, exists, fillOnce } from "../../../scripts/support/cache.ts";
import { parseJavaVersion, tryRun } from "../../../scripts/support/commands.ts";
import { ScriptError } from "../../../scripts/support/errors.ts";
import { mavenFiles, pomOf } from "../../../scripts/support/maven.ts";
import { accepts, freePorts, waitFor, waitForPort } from "../../../scripts/support/ports.ts";
import {
  isAlive,
  runningPid,
  startBackground,
  startChild,
  stopBackground,
} from "../../../scripts/support/processes.ts";
import { withDirectoryWhile } from "../../support/temporary_directory.ts";

const env = (values: Record<string, string>) => (name: string): string | undefined => values[name];

Deno.test("the cache folder is KOS_CACHE, else below XDG_CACHE_HOME, else below the home folder", () => {
  assertEquals(cacheDir(env({ KOS_CACHE: "/a", XDG_CACHE_HOME: "/b", HOME: "/c" })), "/a");
  assertEquals(cacheDir(env({ XDG_CACHE_HOME: "/b", HOME: "/c" })), "/b/kos");
  assertEquals(cacheDir(env({ HOME: "/c" })), "/c/.cache/kos");
  assertThrows(() => cacheDir(env({})), ScriptError, "KOS_CACHE");
});

Deno.test("fillOnce fills a folder once, however many ask for it at the same time", async () => {
  await withDirectoryWhile(async (dir) => {
    const target = `${dir}/deep/jars`;
    let fills = 0;
    await Promise.all(Array.from({ length: 5 }, () =>
      fillOnce(target, async (into) => {
        fills++;
        assert(!(await exists(target)));
        await Deno.writeTextFile(`${into}/a.jar`, "a");
      })));
    assertEquals(fills, 1);
    assertEquals(await Deno.readTextFile(`${target}/a.jar`), "a");
  });
});

Deno.test("fillOnce leaves nothing behind when filling fails, and the next try starts anew", async () => {
  await withDirectoryWhile(async (dir) => {
    const target = `${dir}/jars`;
    await assertRejects(
      () =>
        fillOnce(target, async (into) => {
          await Deno.writeTextFile(`${into}/half`, "");
          throw new Error("no network");
        }),
      Error,
      "no network",
    );
    assertEquals([...Deno.readDirSync(dir)].map((entry) => entry.name), ["jars.lock"]);
    await fillOnce(target, (into) => Deno.writeTextFile(`${into}/whole`, ""));
    assertEquals([...Deno.readDirSync(target)].map((entry) => entry.name), ["whole"]);
  });
});

Deno.test("Java's version is read from what java -version prints", () => {
  assertEquals(parseJavaVersion('openjdk version "17.0.15" 2025-04-15'), 17);
  assertEquals(parseJavaVersion('java version "1.8.0_452"'), 8);
  assertEquals(parseJavaVersion('openjdk version "25" 2025-09-16'), 25);
  assertEquals(
    parseJavaVersion("The operation couldn't be completed. Unable to locate a Java Runtime."),
    undefined,
  );
});

Deno.test("a command that is not there is undefined, one that fails is told apart", async () => {
  assertEquals(await tryRun("kos-no-such-command", []), undefined);
  assertEquals(await tryRun("sh", ["-c", "echo out; exit 3"]), { success: false, text: "out\n" });
});

Deno.test("a pom has its artifacts, with type and classifier where given", () => {
  const pom = pomOf([
    "org.apache.kafka:kafka_2.13:4.3.1",
    "io.apicurio:apicurio-registry-app:2.6.13.Final:tar.gz:all",
  ]);
  assertStringIncludes(
    pom,
    "<artifactId>kafka_2.13</artifactId><version>4.3.1</version><type>jar</type></dependency>",
  );
  assertStringIncludes(pom, "<type>tar.gz</type><classifier>all</classifier></dependency>");
  for (const wrong of ["a", "a:b", "a:b:c:d:e:f", "a:b:<c>"]) {
    assertThrows(() => pomOf([wrong]), ScriptError, wrong);
  }
});

Deno.test("wrong coordinates are an error that names them, and leave no folder", async () => {
  await withDirectoryWhile(async (dir) => {
    const error = await assertRejects(
      () => mavenFiles({ what: "Nothing 0", artifacts: ["a:b"], into: `${dir}/jars`, report: () => {} }),
      ScriptError,
    );
    assertStringIncludes(error.message, '"a:b"');
    assertEquals(await exists(`${dir}/jars`), false);
  });
});

Deno.test("a port is waited for until it answers, or the wait is hopeless", async () => {
  const [port, other] = freePorts(2) as [number, number];
  assert(port !== other);
  assertEquals(await accepts(port), false);
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  await waitForPort(port, { what: "the test", timeoutMs: 60_000 });
  listener.close();
  const error = await assertRejects(
    () =>
      waitForPort(other, { what: "the broker", timeoutMs: 60_000, hopeless: () => "its end", see: "x.log" }),
    ScriptError,
  );
  assertEquals(error.message, "Cannot reach the broker: received its end; see x.log");
  await assertRejects(
    () => waitFor(() => false, { what: "never", timeoutMs: 0 }),
    ScriptError,
    "no answer within 0 ms",
  );
});

Deno.test("a background process is found by its pid file and stopped", async () => {
  await withDirectoryWhile(async (dir) => {
    const pidFile = `${dir}/x.pid`;
    const logFile = `${dir}/log/x.log`;
    const args = ["-c", "echo started; while :; do sleep 0.1; done", dir];
    const pid = await startBackground({ command: "sh", args, logFile, pidFile, marker: dir });
    assertEquals(await runningPid(pidFile), pid);
    await waitFor(async () => (await Deno.readTextFile(logFile)) === "started\n", {
      what: "its log",
      timeoutMs: 60_000,
    });
    assertEquals(await stopBackground(pidFile), true);
    assertEquals(isAlive(pid), false);
    assertEquals(await exists(pidFile), false);
    assertEquals(await stopBackground(pidFile), false);
  });
});

Deno.test("a process that ignores TERM is killed", async () => {
  await withDirectoryWhile(async (dir) => {
    const pidFile = `${dir}/x.pid`;
    const args = ["-c", "trap '' TERM; echo up; while :; do sleep 0.1; done", dir];
    const logFile = `${dir}/x.log`;
    const pid = await startBackground({ command: "sh", args, logFile, pidFile, marker: dir });
    await waitFor(async () => (await Deno.readTextFile(logFile)) === "up\n", {
      what: "its log",
      timeoutMs: 60_000,
    });
    assertEquals(await stopBackground(pidFile, 300), true);
    assertEquals(isAlive(pid), false);
  });
});

Deno.test("a pid file whose process is another one by now stops nothing", async () => {
  await withDirectoryWhile(async (dir) => {
    const pidFile = `${dir}/x.pid`;
    await Deno.writeTextFile(
      pidFile,
      JSON.stringify({ pid: Deno.pid, marker: "kos-not-in-our-command-line" }),
    );
    assertEquals(await runningPid(pidFile), undefined);
    assertEquals(await stopBackground(pidFile), false);
    await Deno.writeTextFile(pidFile, "rubbish");
    await assertRejects(() => runningPid(pidFile), ScriptError, "rubbish");
  });
});

Deno.test("a command that can't be started is an error that names it", async () => {
  await withDirectoryWhile(async (dir) => {
    const start = {
      command: "kos-no-such-command",
      args: [],
      logFile: `${dir}/l`,
      pidFile: `${dir}/p`,
      marker: dir,
    };
    await assertRejects(() => startBackground(start), ScriptError, "kos-no-such-command");
  });
});

Deno.test("a child is stopped, and its folder is removed", async () => {
  await withDirectoryWhile(async (dir) => {
    await Deno.mkdir(`${dir}/data`);
    const args = ["-c", "echo up; exec sleep 600"];
    const child = await startChild({
      command: "sh",
      args,
      logFile: `${dir}/log`,
      removeAfter: `${dir}/data`,
    });
    assertEquals(child.ended(), undefined);
    assert(isAlive(child.pid));
    // It has its id before it has said anything.
    await waitFor(async () => await Deno.readTextFile(`${dir}/log`) !== "", {
      what: "its word",
      timeoutMs: 10_000,
    });
    await child.stop();
    await child.stop();
    assertEquals(isAlive(child.pid), false);
    assertStringIncludes(child.ended() ?? "", "exit code");
    assertEquals(await exists(`${dir}/data`), false);
    assertEquals(await Deno.readTextFile(`${dir}/log`), "up\n");
  });
});

Deno.test("a child's log is there as soon as the child is, and what can't be written is no start", async () => {
  await withDirectoryWhile(async (dir) => {
    // The more are started at once, the later each comes to its own output.
    const logFiles = Array.from({ length: 8 }, (_, i) => `${dir}/log${i}`);
    const children = await Promise.all(logFiles.map(async (logFile) => {
      const child = await startChild({ command: "sleep", args: ["600"], logFile });
      assertEquals(await Deno.readTextFile(logFile), "");
      return child;
    }));
    await Promise.all(children.map((child) => child.stop()));
    await Deno.mkdir(`${dir}/folder`);
    const start = { command: "sleep", args: ["600"], logFile: `${dir}/folder` };
    await assertRejects(() => startChild(start), ScriptError, "Cannot start sleep");
  });
});

Deno.test("a child that ignores TERM is killed, one that ends by itself is noticed", async () => {
  await withDirectoryWhile(async (dir) => {
    const logFile = `${dir}/log`;
    const stubborn = await startChild({
      command: "sh",
      args: ["-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"],
      logFile,
    });
    await waitFor(async () => (await exists(logFile)) && (await Deno.readTextFile(logFile)) === "up\n", {
      what: "it",
      timeoutMs: 60_000,
    });
    await stubborn.stop(300);
    assertEquals(isAlive(stubborn.pid), false);
    const brief = await startChild({ command: "sh", args: ["-c", "exit 7"], logFile });
    await waitFor(() => brief.ended() !== undefined, { what: "its end", timeoutMs: 60_000 });
    assertStringIncludes(brief.ended()!, "exit code 7");
    await brief.stop();
  });
});

Deno.test("a child and its folder are gone also when its parent is killed", async () => {
  await withDirectoryWhile(async (dir) => {
    await Deno.mkdir(`${dir}/data`);
    const code = `import { startChild } from ${
      JSON.stringify(import.meta.resolve("../../../scripts/support/processes.ts"))
    };
      const child = await startChild({ command: "sleep", args: ["600"], logFile: "${dir}/log", removeAfter: "${dir}/data" });
      console.log(child.pid);
      setInterval(() => {}, 1000);`;
    const file = `${dir}/parent.ts`;
    await Deno.writeTextFile(file, code);
    const config = new URL("../../../deno.json", import.meta.url).pathname;
    const parent = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-lock",
        "--config",
        config,
        "--allow-read",
        "--allow-write",
        "--allow-run",
        "--allow-env",
        file,
      ],
      stdout: "piped",
    }).spawn();
    let text = "";
    for await (const chunk of parent.stdout) {
      text += new TextDecoder().decode(chunk);
      if (text.includes("\n")) break;
    }
    const pid = Number(text);
    assert(isAlive(pid));
    parent.kill("SIGKILL");
    await parent.status;
    await waitFor(async () => !isAlive(pid) && !(await exists(`${dir}/data`)), {
      what: "its end",
      timeoutMs: 60_000,
    });
  });
});
