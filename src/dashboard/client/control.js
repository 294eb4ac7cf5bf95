/** The slider and the buttons. */

import { html, setText } from "./elements.js";
import { perSecond } from "./format.js";

const NAMES = { surge: "Surge", burst: "Burst", addInstance: "Add an instance" };
/** How long the slider stays where it was put, before it follows what the source says, in ms. */
const HOLD_MS = 3_000;
const SEND_AFTER_MS = 150;

export class Controls {
  #section = document.getElementById("control");
  #row = document.getElementById("rate-row");
  #slider = document.getElementById("rate");
  #value = document.getElementById("rate-value");
  #buttons = document.getElementById("buttons");
  #said = document.getElementById("said");
  #movedAt = -Infinity;
  #timer;
  canKill = false;

  constructor() {
    this.#slider.addEventListener("input", () => this.#moved());
  }

  /** Offers what the source can do. */
  offer({ maxRate, actions }) {
    this.canKill = actions.includes("killInstance");
    this.#section.hidden = maxRate === undefined && actions.length === 0;
    this.#row.hidden = maxRate === undefined;
    if (maxRate !== undefined) {
      this.#slider.max = maxRate;
      this.#slider.step = Math.max(1, maxRate / 200);
    }
    this.#buttons.replaceChildren(
      ...actions.filter((action) => action in NAMES).map((action) => {
        const button = html("button", { type: "button", id: `do-${action}` }, NAMES[action]);
        button.addEventListener("click", () => this.ask({ action }, NAMES[action]));
        return button;
      }),
    );
  }

  /** Shows the rate that the source says, unless the slider is being moved. */
  follow(target) {
    if (target === undefined || !Number.isFinite(target)) return;
    if (performance.now() - this.#movedAt < HOLD_MS) return;
    this.#slider.value = target;
    this.#show(target);
  }

  /** Asks the server for a change, and says what came of it. */
  async ask(what, name) {
    const { state, text } = await fetch("control", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(what),
    }).then(async (answer) =>
      answer.ok
        ? { state: "good", text: `${name}: done` }
        : { state: "bad", text: (await answer.json()).error }
    ).catch(() => ({ state: "bad", text: `${name}: the server does not answer` }));
    this.#said.dataset.state = state;
    setText(this.#said, text);
  }

  #moved() {
    this.#movedAt = performance.now();
    const rate = Number(this.#slider.value);
    this.#show(rate);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.ask({ action: "rate", rate }, `Rate of ${perSecond(rate)}`),
      SEND_AFTER_MS,
    );
  }

  #show(rate) {
    setText(this.#value, perSecond(rate));
    this.#slider.setAttribute("aria-valuetext", perSecond(rate));
  }
}
