/** What is shown in words and numbers: tiles, instances, decisions, records. */

import { html, keyed, partOf, setText, svg } from "./elements.js";
import { clock, partitionName, perSecond, seconds, share, shortener, UNKNOWN, whole } from "./format.js";
import { byName, lagOf, most, partitionsOf } from "./history.js";

/** @import { PageDecision, PageInstance, SentSnapshot } from "../snapshot.ts" */

/** @type {readonly (readonly [name: string, value: (now: SentSnapshot) => string, unit: string])[]} */
const TILES = [
  ["Lag", (now) => whole(lagOf(now)), "records"],
  ["Oldest record", (now) => seconds(most(partitionsOf(now).map((each) => each.seconds))), ""],
  ["Drained in", (now) => seconds(now.drainSeconds), ""],
  ["Replicas", (now) => `${now.running ?? UNKNOWN} of ${now.wanted ?? UNKNOWN}`, "wanted"],
  ["Load", (now) => share(most(now.instances.map(({ load }) => load))), "at most"],
  ["In", (now) => perSecond(now.rates.in), ""],
  ["Processed", (now) => perSecond(now.rates.processed), ""],
  ["Out", (now) => perSecond(now.rates.out), ""],
];

/**
 * @param {Element} parent
 * @param {SentSnapshot} snapshot
 */
export function drawTiles(parent, snapshot) {
  const tiles = keyed(
    parent,
    TILES.map(([name]) => name),
    (name) => html("div", {}, html("dt", {}, name), html("dd", {}, html("span"), html("small"))),
  );
  TILES.forEach(([, value, unit], i) => {
    const tile = tiles[i];
    if (tile === undefined) return;
    setText(partOf(tile, "span"), value(snapshot));
    setText(partOf(tile, "small"), unit === "" ? "" : ` ${unit}`);
  });
}

/** For how many instances the room is kept that they once took: one that comes and goes pushes nothing about. */
const KEPT_PLACES = 10;

/** @typedef {((name: string) => unknown) | undefined} Kill Kills the instance of a name, where the page can. */

/**
 * @param {Element} parent
 * @param {SentSnapshot} snapshot
 * @param {Kill} kill
 */
export function drawInstances(parent, { instances }, kill) {
  const named = new Map(instances.map((instance) => [instance.name, instance]));
  const shorten = shortener(instances.flatMap(({ partitions }) => partitions.map(({ topic }) => topic)));
  const names = [...named.keys()].sort(byName);
  const places = Math.min(KEPT_PLACES, Math.max(names.length, parent.children.length));
  const empty = Array.from({ length: Math.max(0, places - names.length) }, (_, i) => `${EMPTY}${i}`);
  for (const card of keyed(parent, [...names, ...empty], (key) => cardOf(key, kill))) {
    const instance = named.get(card.dataset.key ?? "");
    if (instance !== undefined) drawCard(card, instance, shorten);
  }
}

/** What the keys of places begin with that nobody takes; no name does. */
const EMPTY = "\n";

/**
 * @param {string} name
 * @param {Kill} kill
 */
function cardOf(name, kill) {
  if (name.startsWith(EMPTY)) return html("li", { class: "empty", "aria-hidden": "true" });
  const card = html(
    "li",
    {},
    html("h3", { title: name }, name),
    html("p", { class: "state" }),
    svg(
      "svg",
      { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
      svg("rect", { class: "bar-ground", width: 100, height: 10 }),
      svg("rect", { class: "bar", width: 0, height: 10 }),
    ),
    html("p", { class: "load" }),
    html("p", { class: "owned" }),
  );
  if (kill !== undefined) {
    const button = html("button", { type: "button", "aria-label": `Kill ${name}` }, "Kill");
    button.addEventListener("click", () => kill(name));
    card.append(button);
  }
  return card;
}

/**
 * @param {Element} card
 * @param {PageInstance} instance
 * @param {(topic: string) => string} shorten
 */
function drawCard(card, { ready, state, load, busy, processed, partitions }, shorten) {
  const status = partOf(card, ".state");
  status.dataset.ready = String(ready);
  setText(status, state ?? (ready ? "ready" : "not ready"));
  const bar = partOf(card, ".bar");
  bar.setAttribute("width", String(Math.min(100, (load ?? busy ?? 0) * 100)));
  bar.setAttribute("class", (load ?? 0) > 1 ? "bar high" : "bar");
  setText(partOf(card, ".load"), `load ${share(load)} · busy ${share(busy)} · ${perSecond(processed)}`);
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  const owned = [...byTopic].map(([topic, each]) =>
    `${shorten(topic)} ${
      each.map(({ partition }) => partition).sort((a, b) => a - b).map(partitionName).join(" ")
    }`
  );
  setText(partOf(card, ".owned"), owned.length === 0 ? "no partition" : owned.join(" · "));
}

/**
 * @param {Element} parent
 * @param {Element} newest Says the newest to who does not see it.
 * @param {readonly (PageDecision & { readonly before: number | undefined })[]} decisions The newest first.
 */
export function drawDecisions(parent, newest, decisions) {
  const shown = decisions.slice(0, 50);
  const items = keyed(
    parent,
    shown.map(({ atMs, reason }) => `${atMs} ${reason}`),
    () => html("li", {}, html("time"), html("b"), html("span")),
  );
  shown.forEach(({ atMs, before, replicas, reason }, i) => {
    const item = items[i];
    if (item === undefined) return;
    setText(partOf(item, "time"), clock(atMs));
    setText(partOf(item, "b"), replicas === undefined ? " " : ` ${changeOf(before, replicas)} `);
    setText(partOf(item, "span"), reason);
  });
  setText(newest, shown[0] === undefined ? "" : `Decision: ${shown[0].reason}`);
}

/**
 * @param {number | undefined} before
 * @param {number} replicas
 */
function changeOf(before, replicas) {
  return before === undefined || before === replicas ? String(replicas) : `${before} → ${replicas}`;
}

/**
 * @param {HTMLElement} section
 * @param {Element} parent
 * @param {readonly string[] | undefined} sessions
 */
export function drawSessions(section, parent, sessions) {
  section.hidden = sessions === undefined;
  const lines = sessions ?? [];
  const items = keyed(parent, lines.map((_, i) => String(i)), () => html("li"));
  items.forEach((item, i) => setText(item, lines[i] ?? ""));
}
