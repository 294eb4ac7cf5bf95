/**
 * What the page's slider and buttons ask for.
 *
 * @module
 */
import { boundedText } from "../metrics/bounded_text.ts";
import { BadRequest } from "../metrics/http_request.ts";
import type { RouteHandler } from "../metrics/http_server.ts";
import { jsonResponse } from "../metrics/json_response.ts";
import { ControlRefused, DEFAULT_MAX_RATE, type PageControl } from "./source.ts";

/** The most that a request may say, in bytes. */
const MOST_BYTES = 1_024;

/** What a page can ask of a control, for whoever draws it. */
export interface Offer {
  /** The slider's end, where there is one. */
  readonly maxRate?: number;
  readonly actions: readonly string[];
}

const ACTIONS = ["surge", "burst", "addInstance", "killInstance"] as const;

/** What a control can do. */
export function offerOf(control: PageControl = {}): Offer {
  return {
    ...(control.setRate === undefined ? {} : { maxRate: control.maxRate ?? DEFAULT_MAX_RATE }),
    actions: ACTIONS.filter((action) => control[action] !== undefined),
  };
}

/**
 * The route that the page posts to: `{"action":"rate","rate":12000}`, `{"action":"surge"}`, `burst`,
 * `addInstance`, `{"action":"killInstance","name":"streams-2"}`. Too much is refused with 413, what makes no
 * sense with 400, what can't be done now with 409. Who may ask is the server's to say ({@linkcode Access}).
 */
export function controlRoute(control: PageControl = {}): RouteHandler {
  return async (request) => {
    try {
      refuseForms(request);
      await act(control, JSON.parse(await textOf(request)));
      return jsonResponse({ status: "ok" });
    } catch (error) {
      if (error instanceof ControlRefused) return jsonResponse({ error: error.message }, 409);
      if (error instanceof SyntaxError) {
        return jsonResponse(
          { error: `Cannot read what is asked for: received no JSON; ${error.message}` },
          400,
        );
      }
      throw error;
    }
  };
}

function refuseForms(request: Request): void {
  if (request.method !== "POST") {
    throw new BadRequest(
      `Cannot change anything: received ${request.method}; it is asked for with POST`,
      405,
    );
  }
  // A form of another page can't send this type without asking first.
  const type = request.headers.get("content-type") ?? "none";
  if (!/^application\/json\b/i.test(type)) {
    throw new BadRequest(`Cannot read what is asked for: received type ${type}; send application/json`, 415);
  }
}

async function textOf(request: Request): Promise<string> {
  const text = await boundedText(request.body, MOST_BYTES);
  if (text !== undefined) return text;
  throw new BadRequest(`Cannot read what is asked for: received more than ${MOST_BYTES} bytes`, 413);
}

async function act(control: PageControl, asked: unknown): Promise<void> {
  const { action, rate, name } = (typeof asked === "object" ? asked : null) as Record<string, unknown> ?? {};
  if (action === "rate" && control.setRate !== undefined) {
    return await control.setRate(rateOf(rate, control.maxRate ?? DEFAULT_MAX_RATE));
  }
  if (action === "surge" && control.surge !== undefined) return await control.surge();
  if (action === "burst" && control.burst !== undefined) return await control.burst();
  if (action === "addInstance" && control.addInstance !== undefined) return await control.addInstance();
  if (action === "killInstance" && control.killInstance !== undefined) {
    return await control.killInstance(nameOf(name));
  }
  const { maxRate, actions } = offerOf(control);
  const known = [...(maxRate === undefined ? [] : ["rate"]), ...actions];
  throw new BadRequest(
    `Cannot do what is asked for: received action ${JSON.stringify(action) ?? "none"}; ` +
      (known.length === 0 ? "this page only shows" : `take ${known.join(", ")}`),
  );
}

function rateOf(rate: unknown, highest: number): number {
  if (typeof rate === "number" && rate >= 0 && rate <= highest) return rate;
  throw new BadRequest(
    `Cannot set the rate: received ${JSON.stringify(rate) ?? "none"}; it is a number from 0 to ${highest}`,
  );
}

function nameOf(name: unknown): string {
  if (typeof name === "string" && name !== "") return name;
  throw new BadRequest(
    `Cannot kill an instance: received name ${
      JSON.stringify(name) ?? "none"
    }; give that of one that is shown`,
  );
}
