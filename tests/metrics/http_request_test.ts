import { assertEquals, assertMatch } from "@std/assert";
import { serveHttp } from "../../src/metrics/http_server.ts";
import { answerTo } from "../support/raw_http.ts";

/** Starts a server that tells what it was asked, and gives it to a test; the errors that it told of. */
async function served(run: (port: number) => Promise<void>): Promise<unknown[]> {
  const errors: unknown[] = [];
  const server = await serveHttp({
    name: "a test",
    host: "127.0.0.1",
    port: 0,
    portFlag: "--port",
    onError: (error) => errors.push(error),
    handler: async (request, url) =>
      new Response(`${request.method} ${url.pathname} ${await request.text()}`),
  });
  try {
    await run(server.port);
  } finally {
    await server.close();
  }
  return errors;
}

const CLOSE = "Connection: close\r\n";
const HOST = `Host: localhost\r\n${CLOSE}`;

Deno.test("http request: what can't be understood is a 400, and no error of the server", async () => {
  const errors = await served(async (port) => {
    for (
      const text of [
        `GET / HTTP/1.1\r\nHost: a b\r\n${CLOSE}\r\n`,
        `GET / HTTP/1.1\r\nHost:\r\n${CLOSE}\r\n`,
        `GET / HTTP/1.1\r\nHost: a/b\r\n${CLOSE}\r\n`,
        `GET / HTTP/1.1\r\nHost: user@a\r\n${CLOSE}\r\n`,
        `GET / HTTP/1.1\r\nHost: a:port\r\n${CLOSE}\r\n`,
        `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n${CLOSE}\r\n`,
        `GET / HTTP/1.1\r\n${CLOSE}\r\n`,
        "GET / HTTP/1.0\r\n\r\n",
        `GET foo://localhost/ HTTP/1.1\r\n${HOST}\r\n`,
        `GET file:///etc/passwd HTTP/1.1\r\n${HOST}\r\n`,
        `GET http://user:secret@localhost/ HTTP/1.1\r\n${HOST}\r\n`,
        `GET http://elsewhere/ HTTP/1.1\r\n${HOST}\r\n`,
        `GET http:// HTTP/1.1\r\n${HOST}\r\n`,
        `GET * HTTP/1.1\r\n${HOST}\r\n`,
        `BLAH / HTTP/1.1\r\n${HOST}\r\n`,
        `GET / HTTP/1.1\r\n${HOST}a: \x00b\r\n\r\n`,
        `GET / HTTP/1.1\r\n${HOST}a b: c\r\n\r\n`,
        `GET / HTTP/9.9\r\n${HOST}\r\n`,
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\x16\x03\x01\x02\x00 a greeting of TLS\r\n\r\n",
        `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
        `POST / HTTP/1.1\r\n${HOST}Content-Length: x\r\n\r\n`,
        `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      ]
    ) assertMatch(await answerTo(port, text), /^HTTP\/1\.1 400 /, JSON.stringify(text));
    assertMatch(
      await answerTo(port, `GET / HTTP/1.1\r\nHost: a b\r\n${CLOSE}\r\n`),
      /received host \\"a b\\"/,
    );
  });
  assertEquals(errors, []);
});

Deno.test("http request: too long a head, and methods that no handler takes, are refused by their own status", async () => {
  const errors = await served(async (port) => {
    for (const head of [`a: ${"b".repeat(100_000)}\r\n`, "a: b\r\n".repeat(10_000)]) {
      assertMatch(await answerTo(port, `GET / HTTP/1.1\r\n${HOST}${head}\r\n`), /^HTTP\/1\.1 431 |^$/);
    }
    assertMatch(await answerTo(port, `TRACE / HTTP/1.1\r\n${HOST}\r\n`), /^HTTP\/1\.1 405 /);
    assertMatch(await answerTo(port, `CONNECT a:80 HTTP/1.1\r\n${HOST}\r\n`), /^$|^HTTP\/1\.1 4/);
  });
  assertEquals(errors, []);
});

Deno.test("http request: garbage behind a request does not reach a handler", async () => {
  const errors = await served(async (port) => {
    const answer = await answerTo(port, "GET /one HTTP/1.1\r\nHost: a\r\n\r\n\x00\x01garbage\r\n\r\n");
    assertMatch(answer, /^(HTTP\/1\.1 200 [^]*GET \/one )?(HTTP\/1\.1 400 [^]*)?$/);
  });
  assertEquals(errors, []);
});

Deno.test("http request: names, addresses, whole addresses, odd paths and bytes in headers are well", async () => {
  const errors = await served(async (port) => {
    for (const host of ["localhost", "kstreams.default.svc:9001", "10.0.0.7:9001", "[::1]:9001", "a_b"]) {
      assertMatch(
        await answerTo(port, `GET /a HTTP/1.1\r\nHost: ${host}\r\n${CLOSE}\r\n`),
        /^HTTP\/1\.1 200 /,
      );
    }
    for (
      const [path, seen] of [["http://localhost/a", "/a"], ["//[", "//["], ["/a%2Fb/../c", "/c"], [
        "/a?%ff",
        "/a",
      ]]
    ) {
      const answer = await answerTo(port, `GET ${path} HTTP/1.1\r\n${HOST}\r\n`);
      assertEquals([answer.slice(0, 12), answer.endsWith(`GET ${seen} `)], ["HTTP/1.1 200", true], path);
    }
    assertMatch(await answerTo(port, `GET / HTTP/1.1\r\n${HOST}a: \xe9\r\n\r\n`), /^HTTP\/1\.1 200 /);
    assertMatch(await answerTo(port, "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"), /^HTTP\/1\.1 200 /);
    const chunked = `PUT / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`;
    assertMatch(await answerTo(port, chunked), /PUT \/ abc$/);
  });
  assertEquals(errors, []);
});
