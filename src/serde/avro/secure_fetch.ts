/**
 * A `fetch` with authorities and a client certificate of one's own, which neither runtime's takes in a way
 * that the other one knows. Each request has a connection of its own.
 *
 * @module
 */
import { request } from "node:https";
import type { IncomingMessage } from "node:http";
import type { RegistryTls } from "./registry_access.ts";

/** Sends a request over TLS. Its errors are those of `fetch`: a `TypeError` with its cause. */
export function secureFetch(url: string, init: RequestInit, tls: RegistryTls): Promise<Response> {
  return new Promise((resolve, reject) => {
    const { method = "GET", body, signal, headers } = init;
    const sent = request(url, { method, headers: headers as Record<string, string>, agent: false, ...tls });
    const abort = (): void => void sent.destroy(signal!.reason);
    signal?.addEventListener("abort", abort);
    sent.on("close", () => signal?.removeEventListener("abort", abort));
    sent.on("response", (answer) => {
      try {
        resolve(responseOf(answer));
      } catch (error) {
        // A status or a header that no response can have: thrown from here it would end the process.
        answer.destroy();
        reject(error);
      }
    });
    sent.on("error", (error) => reject(isOfNetwork(error) ? failed(error) : error));
    sent.end(body);
  });
}

function responseOf(answer: IncomingMessage): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    if (typeof value === "string") headers.set(name, value);
  }
  const status = answer.statusCode ?? 0;
  return new Response(NO_BODY.has(status) ? null : bodyOf(answer), { status, headers });
}

/** The body as it is asked for: what nobody reads stays with the sender. */
function bodyOf(answer: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = answer[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(failed(error));
      }
    },
    cancel() {
      answer.destroy();
    },
  });
}

function isOfNetwork(error: unknown): boolean {
  return error instanceof Error && typeof (error as { code?: unknown }).code === "string";
}

function failed(cause: unknown): TypeError {
  return new TypeError("the request failed", { cause });
}

/** The statuses that `Response` takes no body with. */
const NO_BODY: ReadonlySet<number> = new Set([204, 205, 304]);
