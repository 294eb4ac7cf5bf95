/** A token endpoint on this machine, for clients whose brokers take tokens that nobody signed. */
import { Buffer } from "node:buffer";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";

/** What an endpoint was asked. */
export interface TokenQuestion {
  readonly authorization: string;
  readonly form: URLSearchParams;
  readonly url: string;
}

/** How a test answers. */
export type Answer = (question: TokenQuestion, response: http.ServerResponse) => void;

/** An endpoint that ends with the test. */
export class TokenEndpoint implements AsyncDisposable {
  readonly asked: TokenQuestion[] = [];
  /** What it answers with from now on. */
  answer: Answer;
  readonly #server: http.Server;
  readonly #scheme: string;

  private constructor(server: http.Server, answer: Answer, scheme: string) {
    this.#server = server;
    this.#scheme = scheme;
    this.answer = answer;
  }

  /** Listens on a free port, with TLS where there is a certificate. */
  static async start(
    answer: Answer,
    certificate?: { readonly cert: string; readonly key: string },
  ): Promise<TokenEndpoint> {
    const take = (request: http.IncomingMessage, response: http.ServerResponse): void =>
      void endpoint.#take(request, response);
    const server = certificate === undefined
      ? http.createServer(take)
      : https.createServer({ ...certificate }, take);
    server.on("tlsClientError", () => {});
    const endpoint = new TokenEndpoint(server, answer, certificate === undefined ? "http" : "https");
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return endpoint;
  }

  get url(): string {
    return `${this.#scheme}://localhost:${(this.#server.address() as AddressInfo).port}/token`;
  }

  async #take(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const question = {
      authorization: request.headers.authorization ?? "",
      form: new URLSearchParams(Buffer.concat(chunks).toString()),
      url: request.url ?? "",
    };
    this.asked.push(question);
    this.answer(question, response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** Answers with JSON. */
export function json(response: http.ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** A token that is not signed, as Kafka's validator for tests takes it: valid for so long from now, in s. */
export function unsigned(subject: string, seconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const issued = seconds > 0 ? now : now + seconds - 60;
  return `${part({ alg: "none" })}.${part({ sub: subject, iat: issued, exp: now + seconds })}.`;
}
