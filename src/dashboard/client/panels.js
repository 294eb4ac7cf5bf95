/** What is shown in words and numbers: tiles, instances, decisions, records. */

import { html, keyed, setText, svg } from "./elements.js";
import { clock, partitionName, perSecond, seconds, share, shortener, UNKNOWN, whole } from "./format.js";
import { byName, lagOf, most, partitionsOf } from "./history.js";

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

export function drawTiles(parent, snapshot) {
  const tiles = keyed(
    parent,
    TILES.map(([name]) => name),
    (name) => html("div", {}, html("dt", {}, name), html("dd", {}, html("span"), html("small"))),
  );
  tiles.forEach((tile, i) => {
    const [, value, unit] = TILES[i];
    setText(tile.querySelector("span"), value(snapshot));
    setText(tile.querySelector("small"), unit === "" ? "" : ` ${unit}`);
  });
}

/** @param kill Kills the instance of a name; undefined where the page can't. */
export function drawInstances(parent, { instances }, kill) {
  const named = new Map(instances.map((instance) => [instance.name, instance]));
  const shorten = shortener(instances.flatMap(({ partitions }) => partitions.map(({ topic }) => topic)));
  const names = [...named.keys()].sort(byName);
  for (const card of keyed(parent, names, (name) => cardOf(name, kill))) {
    drawCard(card, named.get(card.dataset.key), shorten);
  }
}

function cardOf(name, kill) {
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

function drawCard(card, { ready, state, load, busy, processed, partitions }, shorten) {
  const status = card.querySelector(".state");
  status.dataset.ready = String(ready);
  setText(status, state ?? (ready ? "ready" : "not ready"));
  const bar = card.querySelector(".bar");
  bar.setAttribute("width", String(Math.min(100, (load ?? busy ?? 0) * 100)));
  bar.setAttribute("class", load > 1 ? "bar high" : "bar");
  setText(card.querySelector(".load"), `load ${share(load)} · busy ${share(busy)} · ${perSecond(processed)}`);
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  const owned = [...byTopic].map(([topic, each]) =>
    `${shorten(topic)} ${
      each.map(({ partition }) => partition).sort((a, b) => a - b).map(partitionName).join(" ")
    }`
  );
  setText(card.querySelector(".owned"), owned.length === 0 ? "no partition" : owned.join(" · "));
}

export function drawDecisions(parent, newest, decisions) {
  const shown = decisions.slice(0, 50);
  const items = keyed(
    parent,
    shown.map(({ atMs, reason }) => `${atMs} ${reason}`),
    () => html("li", {}, html("time"), html("b"), html("span")),
  );
  items.forEach((item, i) => {
    const { atMs, before, replicas, reason } = shown[i];
    setText(item.querySelector("time"), clock(atMs));
    setText(item.querySelector("b"), replicas === undefined ? " " : ` ${changeOf(before, replicas)} `);
    setText(item.querySelector("span"), reason);
  });
  setText(newest, shown[0] === undefined ? "" : `Decision: ${shown[0].reason}`);
}

function changeOf(before, replicas) {
  return before === undefined || before === replicas ? String(replicas) : `${before} → ${replicas}`;
}

export function drawSessions(section, parent, sessions) {
  section.hidden = sessions === undefined;
  const lines = sessions ?? [];
  const items = keyed(parent, lines.map((_, i) => String(i)), () => html("li"));
  items.forEach((item, i) => setText(item, lines[i]));
}
