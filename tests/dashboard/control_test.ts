import { assertEquals, assertStringIncludes } from "@std/assert";
import { controlRoute, offerOf } from "../../src/dashboard/control.ts";
import { BadRequest } from "../../src/metrics/http_request.ts";
import { ControlRefused, type PageControl } from "../../src/dashboard/source.ts";

/** A control that notes what is done, of all that there is. */
function noted(): { readonly control: PageControl; readonly done: unknown[] } {
  const done: unknown[] = [];
  const control: PageControl = {
    maxRate: 50_000,
    setRate: (rate) => void done.push(rate),
    surge: () => void done.push("surge"),
    burst: () => void done.push("burst"),
    addInstance: () => void done.push("add"),
    killInstance: (name) => void done.push(`kill ${name}`),
  };
  return { control, done };
}

const OWN = { "content-type": "application/json" };

async function post(
  control: PageControl,
  body: string,
  headers: Record<string, string> = OWN,
  method = "POST",
): Promise<{ status: number; error: string }> {
  const url = new URL("http://localhost:8080/control");
  const request = new Request(url, { method, headers, ...(method === "POST" ? { body } : {}) });
  try {
    const answer = await controlRoute(control)(request, url);
    return { status: answer.status, error: (await answer.json()).error ?? "" };
  } catch (error) {
    if (error instanceof BadRequest) return { status: error.status, error: error.message };
    throw error;
  }
}

Deno.test("control: each action is done as it is asked for", async () => {
  const { control, done } = noted();
  for (
    const asked of [
      { action: "rate", rate: 12_000.5 },
      { action: "rate", rate: 0 },
      { action: "surge" },
      { action: "burst" },
      { action: "addInstance" },
      { action: "killInstance", name: "streams-2" },
    ]
  ) assertEquals(await post(control, JSON.stringify(asked)), { status: 200, error: "" });
  assertEquals(done, [12_000.5, 0, "surge", "burst", "add", "kill streams-2"]);
});

Deno.test("control: a rate that is no number, or none that can be, is refused", async () => {
  const { control, done } = noted();
  for (const rate of ['"9000"', "null", "-1", "50001", "1e999", "[1]", "{}", "true"]) {
    const { status, error } = await post(control, `{"action":"rate","rate":${rate}}`);
    assertEquals(status, 400, rate);
    assertStringIncludes(error, "it is a number from 0 to 50000");
  }
  assertEquals((await post(control, '{"action":"rate"}')).status, 400);
  assertEquals(done, []);
});

Deno.test("control: what makes no sense is refused, with what does", async () => {
  const { control, done } = noted();
  for (const body of ["", "{", "null", "7", '"surge"', "[]", "{}", '{"action":"setRate"}', '{"action":1}']) {
    const { status, error } = await post(control, body);
    assertEquals(status, 400, body);
    assertStringIncludes(error, "Cannot ");
  }
  assertEquals((await post(control, '{"action":"killInstance","name":7}')).status, 400);
  assertStringIncludes(
    (await post({ surge() {} }, '{"action":"burst"}')).error,
    'received action "burst"; take surge',
  );
  assertStringIncludes((await post({}, '{"action":"burst"}')).error, "this page only shows");
  assertEquals(done, []);
});

Deno.test("control: what a form could send, and another method, is refused", async () => {
  const { control, done } = noted();
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]) {
    const { status } = await post(control, '{"action":"surge"}', { "content-type": type });
    assertEquals(status, 415, type);
  }
  assertEquals((await post(control, "", OWN, "GET")).status, 405);
  assertEquals(done, []);
});

Deno.test("control: too large a body is refused before it is read to its end", async () => {
  const { control, done } = noted();
  const { status, error } = await post(control, JSON.stringify({ action: "surge", more: "x".repeat(2_000) }));
  assertEquals([status, error.includes("more than 1024 bytes")], [413, true]);
  assertEquals(done, []);
});

Deno.test("control: what can't be done now says why", async () => {
  const control: PageControl = {
    addInstance() {
      throw new ControlRefused("Cannot add an instance: received a fifth; four are the most");
    },
  };
  const answer = await post(control, '{"action":"addInstance"}');
  assertEquals(answer, { status: 409, error: "Cannot add an instance: received a fifth; four are the most" });
});

Deno.test("control: the page is offered what there is, and nothing else", () => {
  assertEquals(offerOf(undefined), { actions: [] });
  assertEquals(offerOf({ setRate() {} }), { maxRate: 100_000, actions: [] });
  const actions = ["surge", "burst", "addInstance", "killInstance"];
  assertEquals(offerOf(noted().control), { maxRate: 50_000, actions });
});
