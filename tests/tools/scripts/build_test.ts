import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join, relative } from "@std/path";
import config from "../../../deno.json" with { type: "json" };
import { compileFailure } from "../../../scripts/build/compile.ts";
import { describePermissions, programAt } from "../../../scripts/build/entry.ts";
import { permissionArguments, permissionsConfig, PROGRAMS } from "../../../scripts/build/programs.ts";
import { elfMachine, headOf } from "../../../scripts/build/targets.ts";
import { UsageError } from "../../../src/cli/arguments.ts";
import { withDirectoryWhile } from "../../support/temporary_directory.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

Deno.test("each program is built with the permissions that its task runs with", () => {
  const commands = Object.values(config.tasks).map((task) => task.command);
  for (const { entry, permissions } of PROGRAMS) {
    const own = commands.filter((command) => command.endsWith(` ${relative(ROOT, entry)}`));
    assertEquals(own.length, 1, `tasks that run ${entry}`);
    assertMatch(own[0]!, new RegExp(` -P=${permissions} `));
  }
});

Deno.test("a script's configuration has the programs' permissions and nothing else", () => {
  const { permissions } = config;
  assertEquals(JSON.parse(permissionsConfig()), {
    permissions: { gen: permissions.gen, streams: permissions.streams },
  });
});

Deno.test("no program may start others; files are what is mounted or named for it, and for streams its state and CPU limit", () => {
  const state = ["/var/lib/kos", ".kos"];
  const sets: Record<string, Record<string, unknown>> = config.permissions;
  for (const { permissions } of PROGRAMS) {
    const set = sets[permissions]!;
    assertEquals(["all", "run", "ffi"].filter((name) => set[name] !== undefined), [], permissions);
  }
  assertEquals(sets["gen"]!["read"], ["/etc/kos", ".kos"]);
  assertEquals(sets["gen"]!["write"], undefined);
  assertEquals(sets["streams"]!["read"], ["/etc/kos", ...state, "/sys/fs/cgroup/cpu.max"]);
  assertEquals(sets["streams"]!["write"], state);
});

// As Deno 2.9.6 prints it.
const NO_RUNTIME = `error: Writing deno compile executable to temporary file 'gen.tmp-75853aa6758c5101'

Caused by:
    0: Setting up base binary.
    1: error sending request for url (https://dl.example/release/v2.9.6/denort-x86_64-unknown-linux-gnu.zip): client error (Connect): dns error: failed to lookup address information: Name or service not known
    2: client error (Connect)
    3: dns error
    4: failed to lookup address information: Name or service not known`;

Deno.test("a runtime that can't be downloaded is told with its address and DENORT_BIN; other failures as they are", () => {
  const message = compileFailure(NO_RUNTIME, "x86_64-unknown-linux-gnu");
  assertStringIncludes(
    message,
    'received "Name or service not known" from https://dl.example/release/v2.9.6/denort-x86_64',
  );
  assertStringIncludes(
    message,
    `set DENORT_BIN to the denort in it (of Deno ${Deno.version.deno} for x86_64-unknown-linux-gnu)`,
  );
  const types = "TS2307 [ERROR]: Cannot find module 'x.ts'.\n    at main.ts:6:70";
  assertEquals(compileFailure(types, "x86_64-unknown-linux-gnu"), `received this from Deno:\n${types}`);
});

Deno.test("a Linux program tells its machine", async () => {
  const head = (machine: number) => {
    const bytes = new Uint8Array(64);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    bytes.set([machine & 0xff, machine >> 8], 18);
    return bytes;
  };
  assertEquals([elfMachine(head(62)), elfMachine(head(183)), elfMachine(head(40))], [
    "x86_64",
    "aarch64",
    undefined,
  ]);
  assertEquals(elfMachine(head(62).subarray(0, 19)), undefined);
  assertEquals(elfMachine(new TextEncoder().encode("#!/bin/sh\nexec something longer")), undefined);
  const own = elfMachine(await headOf(Deno.execPath()));
  assertEquals(own, Deno.build.os === "linux" ? Deno.build.arch : undefined);
  assert((await headOf(new URL(import.meta.url).pathname)).length === 64);
});

/** Makes a program's folder with a configuration, and gives its main module. */
async function withMain(
  name: string,
  configuration: unknown,
  body: (main: string, folder: string) => Promise<void>,
): Promise<void> {
  await withDirectoryWhile(async (directory) => {
    const folder = join(directory, name);
    await Deno.mkdir(folder);
    await Deno.writeTextFile(join(folder, "main.ts"), "");
    if (configuration !== undefined) {
      // Deno takes comments in it.
      await Deno.writeTextFile(join(directory, "deno.json"), `// mine\n${JSON.stringify(configuration)}`);
    }
    await body(join(folder, "main.ts"), directory);
  });
}

Deno.test("a program of the user's own has its folder's name and the permissions of the deno.json above it", () =>
  withMain(
    "orders",
    { permissions: { default: { net: true }, test: { read: true } } },
    async (main, folder) => {
      const program = await programAt(main, {});
      assertEquals([program.name, program.permissions, program.set], ["orders", "default", { net: true }]);
      assertEquals(permissionArguments(program), [`--config=${folder}/deno.json`, "-P=default"]);
      assertEquals((await programAt(main, { name: "mine", permissions: "test" })).set, { read: true });
      await assertRejects(
        () => programAt(main, { permissions: "tset" }),
        UsageError,
        `received "tset"; ${folder}/deno.json has default, test`,
      );
    },
  ));

Deno.test("of several permissions those of the program's name are meant, else none", () =>
  withMain("orders", { permissions: { orders: { net: true }, other: {} } }, async (main) => {
    assertEquals((await programAt(main, {})).permissions, "orders");
    assertEquals((await programAt(main, { name: "mine" })).configured, false);
  }));

Deno.test("a program without permissions gets those that a program of run needs, which is told", () =>
  withMain("orders", {}, async (main, folder) => {
    const program = await programAt(main, {});
    assertEquals(program.set, config.permissions.streams);
    assertEquals(permissionArguments(program).slice(0, 3), [
      `--config=${folder}/deno.json`,
      "--allow-net",
      "--allow-read=/etc/kos,/var/lib/kos,.kos,/sys/fs/cgroup/cpu.max",
    ]);
    assertMatch(describePermissions(program), /^permissions of kos' own streams, as .*deno\.json has none$/);
  }));

Deno.test("a module that is not there, and a configuration that is none, are refused", async () => {
  await withMain("orders", [], async (main, folder) => {
    await assertRejects(() => programAt(join(folder, "none.ts"), {}), UsageError, "which is no file");
    await Deno.writeTextFile(join(folder, "deno.json"), "{");
    await assertRejects(() => programAt(main, {}), UsageError, "is no configuration of Deno");
  });
});
