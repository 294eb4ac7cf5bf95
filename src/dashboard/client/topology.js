/** The topology, drawn from topics through its parts to topics, with the rate on its edges. */

import { setText, svg } from "./elements.js";
import { perSecond } from "./format.js";

/** @import { PagePart, SentSnapshot } from "../snapshot.ts" */

/**
 * @typedef {object} Box A topic or a part, and its place.
 * @property {string} name
 * @property {string[]} lines What a part does; of a topic none.
 * @property {number} layer How many are before it.
 * @property {number} width
 * @property {number} height
 * @property {number} x
 * @property {number} y
 */

/** @typedef {"in" | "out"} Direction Whether a topic's rate is of what is written to it, or read from it. */
/** @typedef {{ text: SVGTextElement, topic: string, direction: Direction }} Rate A rate on an edge. */

const TOPIC = { width: 168, height: 36 };
const PART = { width: 232, line: 17 };
const GAP = { along: 110, across: 18, edge: 16 };
/** From so many pixels on there is room for it from left to right. */
const WIDE = 720;

export class TopologyPicture {
  #parent;
  /** @type {readonly PagePart[]} */
  #parts = [];
  /** @type {Rate[]} */
  #rates = [];
  /** @type {boolean | undefined} */
  #wide;

  /** @param {Element} parent */
  constructor(parent) {
    this.#parent = parent;
    new ResizeObserver((entries) => {
      for (const { contentRect } of entries) this.#arrange(contentRect.width);
    }).observe(parent);
  }

  /**
   * Shows other parts.
   *
   * @param {readonly PagePart[]} parts
   */
  show(parts) {
    this.#parts = parts;
    this.#wide = undefined;
    this.#arrange(this.#parent.clientWidth);
  }

  /**
   * Writes the rates: of what a part writes what it writes, of what it reads what it reads; where that is not
   * known, what is written to it.
   *
   * @param {SentSnapshot["topics"]} topics
   */
  rate(topics = {}) {
    for (const { text, topic, direction } of this.#rates) {
      setText(text, perSecond(topics[topic]?.[direction] ?? topics[topic]?.in));
    }
  }

  /** @param {number} width */
  #arrange(width) {
    const wide = width >= WIDE;
    if (this.#parts.length === 0 || width === 0 || wide === this.#wide) return;
    this.#wide = wide;
    const { boxes, links } = graphOf(this.#parts);
    const size = place(boxes, wide);
    const edges = links.map((link) => edgeOf(link, wide));
    this.#rates = edges.map(({ rate }) => rate);
    const picture = svg(
      "svg",
      {
        viewBox: `0 0 ${size.width} ${size.height}`,
        role: "img",
        "aria-label": `The topology: ${this.#parts.map(inWords).join("; ")}`,
      },
      svg(
        "defs",
        {},
        svg(
          "marker",
          {
            id: "arrow",
            viewBox: "0 0 8 8",
            refX: 7,
            refY: 4,
            markerWidth: 8,
            markerHeight: 8,
            orient: "auto",
          },
          svg("path", { class: "arrow", d: "M0 0L8 4L0 8Z" }),
        ),
      ),
      ...edges.map(({ path }) => path),
      ...boxes.map(drawn),
      ...edges.map(({ rate }) => rate.text),
    );
    // What is drawn at its own size stays as readable as the rest of the page.
    picture.style.maxWidth = `${size.width}px`;
    this.#parent.replaceChildren(picture);
  }
}

/** @typedef {{ from: Box, to: Box, topic: string, direction: Direction }} Link What is read or written. */

/**
 * A link as an arrow and its rate.
 *
 * @param {Link} link
 * @param {boolean} wide
 */
function edgeOf({ from, to, topic, direction }, wide) {
  const [x1, y1, x2, y2] = wide
    ? [from.x + from.width, from.y + from.height / 2, to.x, to.y + to.height / 2]
    : [from.x + from.width / 2, from.y + from.height, to.x + to.width / 2, to.y];
  const bend = wide
    ? `${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2}`
    : `${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2}`;
  const path = svg("path", {
    class: "edge",
    d: `M${x1} ${y1}C${bend} ${x2} ${y2}`,
    "marker-end": "url(#arrow)",
  });
  const at = { x: (x1 + x2) / 2, y: (y1 + y2) / 2 + 4, "text-anchor": "middle" };
  return { path, rate: { text: svg("text", { class: "rate", ...at }), topic, direction } };
}

/**
 * The topics and parts with their layer, a part behind all that it reads, and what links them.
 *
 * @param {readonly PagePart[]} parts
 */
function graphOf(parts) {
  /** @type {Map<string, Box>} */
  const topics = new Map();
  /** @type {Box[]} */
  const boxes = [];
  /** @type {Link[]} */
  const links = [];
  const add = (/** @type {Omit<Box, "x" | "y">} */ box) => {
    const placed = { ...box, x: 0, y: 0 };
    boxes.push(placed);
    return placed;
  };
  const topicBox = (/** @type {string} */ topic, /** @type {number} */ layer) => {
    const box = topics.get(topic) ?? add({ ...TOPIC, name: topic, lines: [], layer });
    topics.set(topic, box);
    return box;
  };
  for (const part of parts) {
    const sources = part.sources.map((topic) => topicBox(topic, 0));
    const lines = linesOf(part);
    const box = add({
      width: PART.width,
      height: 30 + PART.line * lines.length,
      name: `sub-topology ${part.id}`,
      lines,
      layer: 1 + Math.max(-1, ...sources.map(({ layer }) => layer)),
    });
    for (const from of sources) links.push({ from, to: box, topic: from.name, direction: "out" });
    for (const topic of part.sinks) {
      const to = topicBox(topic, box.layer + 1);
      to.layer = Math.max(to.layer, box.layer + 1);
      links.push({ from: box, to, topic, direction: "in" });
    }
  }
  return { boxes, links };
}

/**
 * What a part does, in lines of its box.
 *
 * @param {PagePart} part
 */
function linesOf({ steps, stores }) {
  /** @type {string[]} */
  const lines = [];
  for (const step of steps) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} → ${step}`.length <= 34) lines[lines.length - 1] = `${last} → ${step}`;
    else lines.push(lines.length === 0 ? step : `→ ${step}`);
  }
  const shown = lines.length > 5 ? [...lines.slice(0, 4), `… ${steps.length} steps`] : lines;
  return stores.length === 0 ? shown : [...shown, `stores: ${stores.length}`];
}

/**
 * Gives each box its place; along is the way of the records.
 *
 * @param {readonly Box[]} boxes
 * @param {boolean} wide
 * @returns What they take together.
 */
function place(boxes, wide) {
  const layers = [...Map.groupBy(boxes, ({ layer }) => layer)].sort(([a], [b]) => a - b);
  const across = (/** @type {Box} */ box) => wide ? box.height : box.width;
  const breadthOf = (/** @type {Box[]} */ layer) =>
    layer.reduce((sum, box) => sum + across(box) + GAP.across, -GAP.across);
  const breadth = Math.max(...layers.map(([, layer]) => breadthOf(layer)));
  let along = GAP.edge;
  for (const [, layer] of layers) {
    let at = GAP.edge + (breadth - breadthOf(layer)) / 2;
    for (const box of layer) {
      Object.assign(box, wide ? { x: along, y: at } : { x: at, y: along });
      at += across(box) + GAP.across;
    }
    along += Math.max(...layer.map((box) => wide ? box.width : box.height)) + (wide ? GAP.along : 50);
  }
  const length = along - (wide ? GAP.along : 50) + GAP.edge;
  return wide
    ? { width: length, height: breadth + 2 * GAP.edge }
    : { width: breadth + 2 * GAP.edge, height: length };
}

/** @param {Box} box */
function drawn({ x, y, width, height, name, lines }) {
  const isTopic = lines.length === 0;
  return svg(
    "g",
    {},
    svg("title", {}, name),
    svg("rect", { class: "node", x, y, width, height, rx: isTopic ? 18 : 6 }),
    svg(
      "text",
      { class: "name", x: x + width / 2, y: y + (isTopic ? 22 : 20), "text-anchor": "middle" },
      cut(name),
    ),
    ...lines.map((line, i) => svg("text", { x: x + 12, y: y + 38 + i * PART.line }, line)),
  );
}

/** @param {string} name */
function cut(name) {
  return name.length <= 24 ? name : `${name.slice(0, 11)}…${name.slice(-12)}`;
}

/** @param {PagePart} part */
function inWords({ id, sources, sinks }) {
  return `sub-topology ${id} reads ${sources.join(", ") || "nothing"} and writes ${
    sinks.join(", ") || "nothing"
  }`;
}
