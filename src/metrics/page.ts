/**
 * A page of HTML that a program serves.
 *
 * @module
 */
import type { RouteHandler } from "./http_server.ts";

/**
 * Serves a page that holds its own styles and scripts, as one of the `routes` or `storesRoutes` of `run`. The
 * browser is told to run these and nothing else, to load nothing from elsewhere, and to ask only the port
 * that the page is on, such as for `/stores` on that of the stores.
 *
 * @param html The page, written with the program: scripts in text that comes from somebody else would run.
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { pageRoute } from "@kos/kos";
 *
 * const page = pageRoute("<!doctype html><title>Sizes</title><script>fetch('/stores')</script>");
 * const answer = await page(new Request("http://localhost/"), new URL("http://localhost/"));
 * assertStringIncludes(answer.headers.get("content-security-policy")!, "script-src 'sha256-");
 * ```
 */
export function pageRoute(html: string): RouteHandler {
  let headers: Promise<HeadersInit> | undefined;
  return async () => new Response(html, { headers: await (headers ??= headersOf(html)) });
}

async function headersOf(html: string): Promise<HeadersInit> {
  return pageHeaders(await sourcesOf(html, "script"), await sourcesOf(html, "style"));
}

/** The headers of a page that loads nothing but these scripts and styles, in the words of a policy. */
export function pageHeaders(scripts: string, styles: string): Record<string, string> {
  return {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": [
      "default-src 'none'",
      `script-src ${scripts}`,
      `style-src ${styles}`,
      "img-src data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ].join("; "),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
  };
}

/** The hashes of what stands in the elements of that name, as a policy allows them. */
async function sourcesOf(html: string, element: "script" | "style"): Promise<string> {
  const inline = html.matchAll(new RegExp(`<${element}\\b[^>]*>([\\s\\S]*?)</${element}>`, "gi"));
  const hashes = await Promise.all([...inline].map(([, text]) => hashOf(text!)));
  return hashes.length === 0 ? "'none'" : hashes.join(" ");
}

async function hashOf(text: string): Promise<string> {
  // As browsers do before they hash.
  const bytes = new TextEncoder().encode(text.replace(/\r\n?/g, "\n"));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `'sha256-${btoa(String.fromCharCode(...digest))}'`;
}
