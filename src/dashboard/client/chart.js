/** A chart of lines over time, as SVG: its colours are those of the style, in light and dark. */

import { html, keyed, partOf, setText, svg } from "./elements.js";
import { clock, isKnown } from "./format.js";

/** @import { Format } from "./format.js" */

/**
 * @typedef {object} Line A line of a chart.
 * @property {string} name
 * @property {number} place Its colour.
 * @property {(number | undefined)[]} values One for each time, where it is known.
 */

/**
 * @typedef {object} Shown What a chart shows.
 * @property {number[]} times The points' times, in ms.
 * @property {Line[]} lines
 * @property {number[]} marks Times that are marked.
 * @property {{ from: number, to: number }} span The times of the axis' ends.
 * @property {number | undefined} at The time whose values the legend gives; else the last one.
 */

/** @typedef {(value: number) => number} Scale A place in px. */

const HEIGHT = 180;
const EDGE = { left: 46, right: 8, top: 8, bottom: 20 };

export class Chart {
  #format;
  #least;
  #step;
  #title;
  #legend = html("ul", { class: "legend" });
  #note = html("span");
  #grid = svg("path", { class: "grid" });
  #marks = svg("path", { class: "marks" });
  #cursor = svg("path", { class: "cursor" });
  #texts = svg("g");
  #lines = svg("g");
  #picture;
  #width = 600;
  /** @type {Shown | undefined} */
  #shown;
  element;

  /**
   * @param {object} options
   * @param {string} options.title What it shows.
   * @param {Format} options.format Writes a value.
   * @param {number} options.least The least upper end of the axis.
   * @param {number} [options.most] For how many names there is room from the beginning.
   * @param {boolean} [options.step] Whether a value stays until the next one.
   * @param {(ms: number | undefined) => void} options.onPoint Told the time that is pointed at; undefined when
   *   none is any more.
   */
  constructor({ title, format, least, most = 4, step = false, onPoint }) {
    this.#title = title;
    this.#format = format;
    this.#least = least;
    this.#step = step;
    this.#picture = svg(
      "svg",
      { role: "img", "aria-label": title, viewBox: `0 0 600 ${HEIGHT}` },
      this.#grid,
      this.#texts,
      this.#marks,
      this.#lines,
      this.#cursor,
    );
    this.element = html(
      "figure",
      { class: most > 4 ? "many" : "few" },
      html("figcaption", {}, html("h2", {}, title), this.#note),
      this.#picture,
      this.#legend,
    );
    this.#picture.addEventListener("pointermove", (event) => onPoint(this.#timeAt(event.offsetX)));
    this.#picture.addEventListener("pointerleave", () => onPoint(undefined));
    new ResizeObserver((entries) => {
      for (const { contentRect } of entries) this.#resized(contentRect.width);
    }).observe(this.#picture);
  }

  /** @param {Shown} shown */
  draw(shown) {
    this.#shown = shown;
    const { lines, marks, times, span, at } = shown;
    const top = ceiling(Math.max(this.#least, ...lines.flatMap(({ values }) => values.filter(isKnown))));
    /** @type {Scale} */
    const x = (ms) => EDGE.left + (ms - span.from) / (span.to - span.from) * this.#plotWidth;
    /** @type {Scale} */
    const y = (value) => HEIGHT - EDGE.bottom - value / top * (HEIGHT - EDGE.top - EDGE.bottom);
    this.#axes(x, y, top, span);
    const upright = (/** @type {number} */ ms) => `M${x(ms).toFixed(1)} ${EDGE.top}V${HEIGHT - EDGE.bottom}`;
    this.#marks.setAttribute("d", marks.filter((ms) => ms >= span.from).map(upright).join(""));
    this.#cursor.setAttribute("d", at === undefined ? "" : upright(at));
    const paths = keyed(this.#lines, lines.map(({ name }) => name), () => svg("path"));
    lines.forEach(({ place, values }, i) => {
      paths[i]?.setAttribute("class", `series s${place}`);
      paths[i]?.setAttribute("d", this.#path(times, values, x, y));
    });
    this.#name(lines, indexAt(times, at));
    setText(
      this.#note,
      marks.length === 0 ? "" : `┊ ${marks.length} ${marks.length === 1 ? "rebalance" : "rebalances"}`,
    );
  }

  get #plotWidth() {
    return this.#width - EDGE.left - EDGE.right;
  }

  /**
   * @param {Scale} x
   * @param {Scale} y
   * @param {number} top
   * @param {Shown["span"]} span
   */
  #axes(x, y, top, span) {
    const levels = [0, top / 2, top];
    const stepMs =
      [30_000, 60_000, 120_000, 300_000].find((ms) => (span.to - span.from) / ms * 70 < this.#plotWidth) ??
        600_000;
    const times = [];
    for (let ms = Math.ceil(span.from / stepMs) * stepMs; ms <= span.to; ms += stepMs) times.push(ms);
    this.#grid.setAttribute(
      "d",
      levels.map((level) => `M${EDGE.left} ${y(level)}H${this.#width - EDGE.right}`).join(""),
    );
    const texts = [
      ...levels.map((level) => ({
        left: EDGE.left - 6,
        base: y(level) + 4,
        anchor: "end",
        text: this.#format(level),
      })),
      ...times.map((ms) => ({
        left: x(ms),
        base: HEIGHT - 4,
        anchor: "middle",
        text: clock(ms).slice(0, stepMs < 60_000 ? 8 : 5),
      })).filter(({ left }) => left > EDGE.left + 16 && left < this.#width - 24),
    ];
    const elements = keyed(this.#texts, texts.map((_, i) => String(i)), () => svg("text"));
    texts.forEach(({ left, base, anchor, text }, i) => {
      const element = elements[i];
      if (element === undefined) return;
      element.setAttribute("x", String(left));
      element.setAttribute("y", String(base));
      element.setAttribute("text-anchor", anchor);
      setText(element, text);
    });
  }

  /**
   * @param {number[]} times
   * @param {Line["values"]} values
   * @param {Scale} x
   * @param {Scale} y
   */
  #path(times, values, x, y) {
    let path = "";
    let drawing = false;
    times.forEach((ms, i) => {
      const value = values[i];
      if (!isKnown(value)) {
        drawing = false;
        return;
      }
      const left = x(ms).toFixed(1);
      const height = y(value).toFixed(1);
      path += drawing ? this.#step ? `H${left}V${height}` : `L${left} ${height}` : `M${left} ${height}`;
      drawing = true;
    });
    return path;
  }

  /**
   * @param {Line[]} lines
   * @param {number} index
   */
  #name(lines, index) {
    const items = keyed(this.#legend, lines.map(({ name }) => name), (name) =>
      html(
        "li",
        {},
        svg("svg", { viewBox: "0 0 22 8", "aria-hidden": "true" }, svg("path", { d: "M0 4H22" })),
        html("span", { class: "label", title: name }, ...halvesOf(name)),
        html("b"),
      ));
    lines.forEach(({ place, values }, i) => {
      const item = items[i];
      if (item === undefined) return;
      partOf(item, "path").setAttribute("class", `series s${place}`);
      setText(partOf(item, "b"), this.#format(values[index]));
    });
    const last = lines.map(({ name, values }) => `${name} ${this.#format(values[index])}`).join(", ");
    this.#picture.setAttribute("aria-label", `${this.#title}: ${last}`);
  }

  /** @param {number} left */
  #timeAt(left) {
    if (this.#shown === undefined) return undefined;
    const { from, to } = this.#shown.span;
    const ms = from + (left - EDGE.left) / this.#plotWidth * (to - from);
    return Math.min(to, Math.max(from, ms));
  }

  /** @param {number} width */
  #resized(width) {
    if (width === 0 || width === this.#width) return;
    this.#width = width;
    this.#picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    if (this.#shown !== undefined) this.draw(this.#shown);
  }
}

/**
 * A name in two halves, of which the first is cut where there is no room for both: instances and partitions
 * differ at their ends.
 *
 * @param {string} name
 */
function halvesOf(name) {
  const start = Math.max(0, name.length - 10);
  return start === 0 ? [name] : [html("i", {}, name.slice(0, start)), html("i", {}, name.slice(start))];
}

/**
 * The next number that reads well.
 *
 * @param {number} value
 */
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 5].find((step) => step * power >= value * 0.999) ?? 10) * power;
}

/**
 * @param {number[]} times
 * @param {number | undefined} at
 */
function indexAt(times, at) {
  if (at === undefined) return times.length - 1;
  return Math.max(0, times.findLastIndex((ms) => ms <= at));
}
