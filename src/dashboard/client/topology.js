/** The topology, drawn from topics through its parts to topics, with the rate on its edges. */

import { setText, svg } from "./elements.js";
import { perSecond } from "./format.js";

const TOPIC = { width: 168, height: 36 };
const PART = { width: 232, line: 17 };
const GAP = { along: 110, across: 18, edge: 16 };
/** From so many pixels on there is room for it from left to right. */
const WIDE = 720;

export class TopologyPicture {
  #parent;
  #parts = [];
  #rates = [];
  #wide;

  constructor(parent) {
    this.#parent = parent;
    new ResizeObserver(([{ contentRect }]) => this.#arrange(contentRect.width)).observe(parent);
  }

  /** Shows other parts. */
  show(parts) {
    this.#parts = parts;
    this.#wide = undefined;
    this.#arrange(this.#parent.clientWidth);
  }

  /**
   * Writes the rates: of what a part writes what it writes, of what it reads what it reads; where that is not
   * known, what is written to it.
   */
  rate(topics = {}) {
    for (const { text, topic, direction } of this.#rates) {
      setText(text, perSecond(topics[topic]?.[direction] ?? topics[topic]?.in));
    }
  }

  #arrange(width) {
    const wide = width >= WIDE;
    if (this.#parts.length === 0 || width === 0 || wide === this.#wide) return;
    this.#wide = wide;
    const nodes = nodesOf(this.#parts);
    const size = place(nodes, wide);
    const edges = this.#parts.flatMap((part) => [
      ...part.sources.map((topic) => this.#edge(nodes.get(topic), nodes.get(part), topic, "out", wide)),
      ...part.sinks.map((topic) => this.#edge(nodes.get(part), nodes.get(topic), topic, "in", wide)),
    ]);
    this.#rates = edges.map(({ rate }) => rate);
    this.#parent.replaceChildren(svg(
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
      ...[...nodes.values()].map(boxOf),
      ...edges.map(({ rate }) => rate.text),
    ));
    // What is drawn at its own size stays as readable as the rest of the page.
    this.#parent.firstChild.style.maxWidth = `${size.width}px`;
  }

  #edge(from, to, topic, direction, wide) {
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
}

/** The topics and parts as nodes with their layer: a part comes behind all that it reads. */
function nodesOf(parts) {
  const nodes = new Map();
  const topicNode = (topic, layer) => {
    if (!nodes.has(topic)) nodes.set(topic, { ...TOPIC, name: topic, lines: [], layer });
    return nodes.get(topic);
  };
  for (const part of parts) {
    const layer = 1 + Math.max(-1, ...part.sources.map((topic) => topicNode(topic, 0).layer));
    const lines = linesOf(part);
    nodes.set(part, {
      width: PART.width,
      height: 30 + PART.line * lines.length,
      name: `sub-topology ${part.id}`,
      lines,
      layer,
    });
    for (const topic of part.sinks) {
      const node = topicNode(topic, layer + 1);
      node.layer = Math.max(node.layer, layer + 1);
    }
  }
  return nodes;
}

function linesOf({ steps, stores }) {
  const lines = [];
  for (const step of steps) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} → ${step}`.length <= 34) lines[lines.length - 1] = `${last} → ${step}`;
    else lines.push(lines.length === 0 ? step : `→ ${step}`);
  }
  const shown = lines.length > 5 ? [...lines.slice(0, 4), `… ${steps.length} steps`] : lines;
  return stores.length === 0 ? shown : [...shown, `stores: ${stores.length}`];
}

/** Gives each node its place; along is the way of the records. */
function place(nodes, wide) {
  const layers = Map.groupBy(nodes.values(), ({ layer }) => layer);
  const across = (node) => wide ? node.height : node.width;
  const breadthOf = (layer) => layer.reduce((sum, node) => sum + across(node) + GAP.across, -GAP.across);
  const breadth = Math.max(...[...layers.values()].map(breadthOf));
  let along = GAP.edge;
  for (const number of [...layers.keys()].sort((a, b) => a - b)) {
    const layer = layers.get(number);
    let at = GAP.edge + (breadth - breadthOf(layer)) / 2;
    for (const node of layer) {
      Object.assign(node, wide ? { x: along, y: at } : { x: at, y: along });
      at += across(node) + GAP.across;
    }
    along += Math.max(...layer.map((node) => wide ? node.width : node.height)) + (wide ? GAP.along : 50);
  }
  const length = along - (wide ? GAP.along : 50) + GAP.edge;
  return wide
    ? { width: length, height: breadth + 2 * GAP.edge }
    : { width: breadth + 2 * GAP.edge, height: length };
}

function boxOf({ x, y, width, height, name, lines }) {
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

function cut(name) {
  return name.length <= 24 ? name : `${name.slice(0, 11)}…${name.slice(-12)}`;
}

function inWords({ id, sources, sinks }) {
  return `sub-topology ${id} reads ${sources.join(", ") || "nothing"} and writes ${
    sinks.join(", ") || "nothing"
  }`;
}
