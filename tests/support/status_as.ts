import { answerTo } from "./raw_http.ts";

/** What is asked beside the path. */
export interface AskedAs {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The status of an answer on a port of this machine, asked by this name, which fetch does not let one choose. */
export async function statusAs(
  port: number,
  path: string,
  host: string,
  { method = "GET", headers = {}, body = "" }: AskedAs = {},
): Promise<number> {
  const length = body === "" ? {} : { "content-length": String(body.length) };
  const lines = Object.entries({ host, connection: "close", ...length, ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`);
  const answer = await answerTo(port, `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
  return Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1]);
}
