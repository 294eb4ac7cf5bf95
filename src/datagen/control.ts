/**
 * The control endpoint of a generator: its throughput, read and changed while it runs.
 *
 * - `GET /throughput` tells what is aimed at and what was reached.
 * - `PUT /throughput` with `{"rate": 5000}`, `{"rate": "max"}`, `{"rate": 0}` (a pause) or
 *   `{"profile": "ramp:0..20000/60s"}`. A rate overrides a profile; a profile begins anew.
 * - `DELETE /throughput` goes back to what the generator was started with.
 *
 * Each answers with the state that then holds. The body is JSON whatever the content type says, so `curl -d`
 * will do. Pages of other origins are refused, and without a token other machines ({@linkcode Access}).
 *
 * @module
 */
import { messageOf } from "../cli/main.ts";
import { Access } from "../metrics/access.ts";
import type { BearerToken } from "../metrics/bearer_token.ts";
import { boundedText } from "../metrics/bounded_text.ts";
import { BadRequest } from "../metrics/http_request.ts";
import { type HttpServer, serveHttp } from "../metrics/http_server.ts";
import { jsonResponse } from "../metrics/json_response.ts";
import { parseProfile, type Profile, ProfileError } from "./profile.ts";

/** The control port where none is given. */
export const DEFAULT_CONTROL_PORT = 9011;

/** What can be told of a generator and done to it from outside. */
export interface Throughput {
  /** For `GET`, as JSON; rates are numbers or `"max"`. */
  describe(): Readonly<Record<string, unknown>>;
  /** Records a second; `Infinity` for max. */
  setRate(rate: number): void;
  setProfile(profile: Profile): void;
  /** Back to what it was started with. */
  reset(): void;
}

/** Settings of {@linkcode serveControl}. */
export interface ControlOptions {
  /** `undefined` while there is no generator yet: answered with 503. */
  readonly throughput: () => Throughput | undefined;
  /** The address to listen on. Default `127.0.0.1`. */
  readonly host?: string;
  /** What each request has to bring; without it only this machine is answered. */
  readonly token?: BearerToken | undefined;
  /** The port to listen on. Default {@linkcode DEFAULT_CONTROL_PORT}; 0 takes any free one. */
  readonly port?: number;
  /** Told of each change, for the log. */
  readonly onChange?: (what: string) => void;
  readonly onError?: (error: unknown) => void;
}

/**
 * Serves `/throughput`. It is listening when this resolves.
 *
 * @throws {CannotListen} When the port can't be had, naming the port and the flag.
 */
export function serveControl(options: ControlOptions): Promise<HttpServer> {
  const { onChange } = options;
  return serveHttp({
    name: "the control endpoint",
    host: options.host ?? "127.0.0.1",
    port: options.port ?? DEFAULT_CONTROL_PORT,
    portFlag: "--control-port",
    ...(options.onError ? { onError: options.onError } : {}),
    access: new Access({
      name: "the throughput",
      token: options.token,
      requestsPerSecond: REQUESTS_PER_SECOND,
    }),
    async handler(request, url) {
      if (url.pathname !== "/throughput") {
        return jsonResponse({ error: `no such path: ${url.pathname}; there is /throughput` }, 404);
      }
      const throughput = options.throughput();
      if (!throughput) return jsonResponse({ error: "the generator is starting; try again" }, 503);
      switch (request.method) {
        case "GET":
        case "HEAD":
          break;
        case "PUT": {
          const change = readChange(await readBody(request));
          if (typeof change === "string") {
            return jsonResponse({ error: `Cannot set the throughput: ${change}` }, 400);
          }
          if ("rate" in change) throughput.setRate(change.rate);
          else throughput.setProfile(change.profile);
          onChange?.("rate" in change ? `rate ${showRate(change.rate)}` : `profile ${change.profile.text}`);
          break;
        }
        case "DELETE":
          throughput.reset();
          onChange?.("back to what it was started with");
          break;
        default:
          return jsonResponse(
            { error: `Cannot ${request.method} /throughput; allowed: GET, PUT, DELETE` },
            405,
            {
              allow: "GET, HEAD, PUT, DELETE",
            },
          );
      }
      return jsonResponse(throughput.describe());
    },
  });
}

/** A rate as JSON has it: a number or `"max"`. */
export function showRate(rate: number): number | "max" {
  return rate === Infinity ? "max" : rate;
}

/** The most that a request may say, in bytes. */
const MOST_BYTES = 10_000;
/** Of each client: a slider that is drawn asks so often. */
const REQUESTS_PER_SECOND = 20;
const ALLOWED = 'allowed: {"rate": <number from 0 on, or "max">} or {"profile": "<profile>"}';

async function readBody(request: Request): Promise<string> {
  const text = await boundedText(request.body, MOST_BYTES);
  if (text !== undefined) return text;
  throw new BadRequest(`Cannot set the throughput: received more than ${MOST_BYTES} bytes; ${ALLOWED}`, 413);
}

/** What a body asks for; a string says what is wrong with it. */
function readChange(body: string): { rate: number } | { profile: Profile } | string {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (error) {
    return `received ${quote(body)}, which is no JSON (${messageOf(error)}); ${ALLOWED}`;
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return `received ${quote(body)}; ${ALLOWED}`;
  }
  const keys = Object.keys(json);
  if (keys.length !== 1 || (keys[0] !== "rate" && keys[0] !== "profile")) {
    return `received ${quote(body)}; ${ALLOWED}`;
  }
  const value = (json as Record<string, unknown>)[keys[0]];
  if (keys[0] === "rate") {
    if (value === "max") return { rate: Infinity };
    if (typeof value === "number" && value >= 0 && value < Infinity) return { rate: value };
    return `received the rate ${
      quote(typeof value === "number" ? String(value) : JSON.stringify(value))
    }; ${ALLOWED}`;
  }
  if (typeof value !== "string") return `received the profile ${quote(JSON.stringify(value))}; ${ALLOWED}`;
  try {
    return { profile: parseProfile(value) };
  } catch (error) {
    if (error instanceof ProfileError) return error.message;
    throw error;
  }
}

function quote(text: string): string {
  if (text === "") return "nothing";
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
