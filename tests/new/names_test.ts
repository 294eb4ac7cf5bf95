import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../src/cli/arguments.ts";
import { InvalidValue } from "../../src/cli/parsers.ts";
import { namesOf, projectName, topicName } from "../../src/new/names.ts";

Deno.test("names: a project's is what Kubernetes, npm and helm allow", () => {
  const parse = projectName();
  for (const name of ["a", "my-app", "app2", "a".repeat(53)]) assertEquals(parse(name), name);
  for (const name of ["", "My-App", "my_app", "2nd", "-app", "app-", "my app", "a.b", "a".repeat(54)]) {
    assertThrows(() => parse(name), InvalidValue, "expected at most 53 small letters");
  }
});

Deno.test("names: what is refused comes with the nearest name that is not", () => {
  assertThrows(() => projectName()("My App!"), InvalidValue, "such as my-app");
  assertThrows(() => projectName()("2nd_try"), InvalidValue, "such as nd-try");
  assertThrows(() => projectName()("123"), InvalidValue, "such as my-app");
});

Deno.test("names: a topic's is what Kafka allows", () => {
  const parse = topicName();
  for (const name of ["orders", "EU.Orders_2", "...", "a".repeat(249)]) assertEquals(parse(name), name);
  for (const name of ["", ".", "..", "my orders", "orders\n", "o/rders", 'o"rders', "a".repeat(250)]) {
    assertThrows(() => parse(name), InvalidValue, "expected a topic's name");
  }
});

Deno.test("names: what is not given is the folder's name and the input's", () => {
  assertEquals(namesOf({ input: "orders" }, "/home/me/my-app"), {
    name: "my-app",
    input: "orders",
    output: "orders-per-minute",
  });
  const given = { name: "sums", input: "in", output: "out" };
  assertEquals(namesOf(given, "/home/me/My App"), given);
});

Deno.test("names: one that does not fit is refused with the flag that gives another", () => {
  assertThrows(
    () => namesOf({ input: "orders" }, "/home/me/My App"),
    UsageError,
    `Cannot use the folder's name: received "My App"; expected at most 53 small letters`,
  );
  assertThrows(() => namesOf({ input: "orders" }, "/home/me/My App"), UsageError, "or give --name");
  assertThrows(() => namesOf({ input: "a".repeat(249) }, "/a/b"), UsageError, "or give --output");
});

Deno.test("names: a topic that would be read and written is refused", () => {
  assertThrows(
    () => namesOf({ input: "orders", output: "orders" }, "/a/b"),
    UsageError,
    "Cannot use --output: received orders, which is the topic that is read; give another one",
  );
  assertThrows(
    () => namesOf({ input: "orders", output: "b-dead-letters" }, "/a/b"),
    UsageError,
    "which is that of the dead letters",
  );
});
