/** The slider and the buttons. */

import { byId, html, inputById, setText } from "./elements.js";
import { isKnown, perSecond } from "./format.js";

/** @import { PageHello } from "../snapshot.ts" */

/** @type {Readonly<Record<string, string>>} */
const NAMES = { surge: "Surge", burst: "Burst", addInstance: "Add an instance" };
/** How long the slider stays where it was put, before it follows what the source says, in ms. */
const HOLD_MS = 3_000;
const SEND_AFTER_MS = 150;

export class Controls {
  #section = byId("control");
  #row = byId("rate-row");
  #slider = inputById("rate");
  #value = byId("rate-value");
  #buttons = byId("buttons");
  #said = byId("said");
  #movedAt = -Infinity;
  /** @type {number | undefined} */
  #timer;
  canKill = false;

  constructor() {
    this.#slider.addEventListener("input", () => this.#moved());
  }

  /**
   * Offers what the source can do.
   *
   * @param {PageHello} hello
   */
  offer({ maxRate, actions }) {
    this.canKill = actions.includes("killInstance");
    this.#section.hidden = maxRate === undefined && actions.length === 0;
    this.#row.hidden = maxRate === undefined;
    if (maxRate !== undefined) {
      this.#slider.max = String(maxRate);
      this.#slider.step = String(Math.max(1, maxRate / 200));
    }
    this.#buttons.replaceChildren(...actions.flatMap((action) => {
      const name = NAMES[action];
      if (name === undefined) return [];
      const button = html("button", { type: "button", id: `do-${action}` }, name);
      button.addEventListener("click", () => this.ask({ action }, name));
      return [button];
    }));
  }

  /**
   * Shows the rate that the source says, unless the slider is being moved.
   *
   * @param {number | undefined} target
   */
  follow(target) {
    if (!isKnown(target) || performance.now() - this.#movedAt < HOLD_MS) return;
    this.#slider.value = String(target);
    this.#show(target);
  }

  /**
   * Asks the server for a change, and says what came of it.
   *
   * @param {Readonly<Record<string, string | number>>} what
   * @param {string} name What is asked for, in words.
   */
  async ask(what, name) {
    const { state, text } = await fetch("control", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(what),
    }).then(async (answer) =>
      answer.ok
        ? { state: "good", text: `${name}: done` }
        : { state: "bad", text: String((await answer.json()).error) }
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

  /** @param {number} rate */
  #show(rate) {
    setText(this.#value, perSecond(rate));
    this.#slider.setAttribute("aria-valuetext", perSecond(rate));
  }
}
