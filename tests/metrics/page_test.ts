import { assertEquals, assertStringIncludes } from "@std/assert";
import { pageRoute } from "../../src/metrics/page.ts";

async function answerOf(html: string): Promise<Response> {
  const url = new URL("http://localhost/");
  return await pageRoute(html)(new Request(url), url);
}

Deno.test("a page may run the scripts and styles in it, and nothing else", async () => {
  const html = "<style>p{}</style><script type=module>alert(1)</script><script>\r\nalert(2)</script>";
  const answer = await answerOf(html);
  assertEquals(await answer.text(), html);
  assertEquals(answer.headers.get("content-type"), "text/html; charset=utf-8");
  assertEquals(answer.headers.get("x-content-type-options"), "nosniff");
  const policy = answer.headers.get("content-security-policy")!.split("; ");
  // By `printf 'alert(1)' | openssl dgst -sha256 -binary | base64`, and with the line end that browsers hash.
  assertEquals(policy.slice(0, 3), [
    "default-src 'none'",
    "script-src 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=' 'sha256-XrftlN2FmthatQrNEMyPYehKdmkyLbeUnnxKduAPyOg='",
    "style-src 'sha256-gG2yISYereRMiG2lMXrbiUgi0Ubw9p7QCeWcroOvy9Y='",
  ]);
  assertStringIncludes(policy.join(), "connect-src 'self'");
});

Deno.test("a page without scripts may run none", async () => {
  const answer = await answerOf("<p>hello</p>");
  assertStringIncludes(answer.headers.get("content-security-policy")!, "script-src 'none'; style-src 'none'");
});
