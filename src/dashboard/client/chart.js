/** A chart of lines over time, as SVG: its colours are those of the style, in light and dark. */

import { html, keyed, setText, svg } from "./elements.js";
import { clock } from "./format.js";

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
  #shown;
  element;

  /**
   * @param options.title What it shows.
   * @param options.format Writes a value.
   * @param options.least The least upper end of the axis.
   * @param options.step Whether a value stays until the next one.
   * @param options.onPoint Told the time that is pointed at; undefined when none is any more.
   */
  constructor({ title, format, least, step = false, onPoint }) {
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
      {},
      html("figcaption", {}, html("h2", {}, title), this.#note),
      this.#picture,
      this.#legend,
    );
    this.#picture.addEventListener("pointermove", (event) => onPoint(this.#timeAt(event.offsetX)));
    this.#picture.addEventListener("pointerleave", () => onPoint(undefined));
    new ResizeObserver(([{ contentRect }]) => this.#resized(contentRect.width)).observe(this.#picture);
  }

  /**
   * Draws.
   *
   * @param shown.times The points' times, in ms.
   * @param shown.lines Each with name, place (its colour) and values, undefined where one is not known.
   * @param shown.marks Times that are marked, and shown.marked what they are.
   * @param shown.at The time whose values the legend gives.
   */
  draw(shown) {
    this.#shown = shown;
    const { lines, marks, times, span, at } = shown;
    const top = ceiling(Math.max(this.#least, ...lines.flatMap(({ values }) => values.filter(isKnown))));
    const x = (ms) => EDGE.left + (ms - span.from) / (span.to - span.from) * this.#plotWidth;
    const y = (value) => HEIGHT - EDGE.bottom - value / top * (HEIGHT - EDGE.top - EDGE.bottom);
    this.#axes(x, y, top, span);
    const upright = (ms) => `M${x(ms).toFixed(1)} ${EDGE.top}V${HEIGHT - EDGE.bottom}`;
    this.#marks.setAttribute("d", marks.filter((ms) => ms >= span.from).map(upright).join(""));
    this.#cursor.setAttribute("d", at === undefined ? "" : upright(at));
    const paths = keyed(this.#lines, lines.map(({ name }) => name), () => svg("path"));
    paths.forEach((path, i) => {
      path.setAttribute("class", `series s${lines[i].place}`);
      path.setAttribute("d", this.#path(times, lines[i].values, x, y));
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
      ...levels.map((level) => [EDGE.left - 6, y(level) + 4, "end", this.#format(level)]),
      ...times.map((ms) => [x(ms), HEIGHT - 4, "middle", clock(ms).slice(0, stepMs < 60_000 ? 8 : 5)])
        .filter(([at]) => at > EDGE.left + 16 && at < this.#width - 24),
    ];
    const elements = keyed(this.#texts, texts.map((_, i) => String(i)), () => svg("text"));
    elements.forEach((element, i) => {
      const [left, base, anchor, text] = texts[i];
      element.setAttribute("x", left);
      element.setAttribute("y", base);
      element.setAttribute("text-anchor", anchor);
      setText(element, text);
    });
  }

  #path(times, values, x, y) {
    let path = "";
    let drawing = false;
    values.forEach((value, i) => {
      if (!isKnown(value)) {
        drawing = false;
        return;
      }
      const left = x(times[i]).toFixed(1);
      const height = y(value).toFixed(1);
      path += drawing ? this.#step ? `H${left}V${height}` : `L${left} ${height}` : `M${left} ${height}`;
      drawing = true;
    });
    return path;
  }

  #name(lines, index) {
    const items = keyed(this.#legend, lines.map(({ name }) => name), (name) =>
      html(
        "li",
        {},
        svg("svg", { viewBox: "0 0 22 8", "aria-hidden": "true" }, svg("path", { d: "M0 4H22" })),
        html("span", {}, ` ${name} `),
        html("b"),
      ));
    items.forEach((item, i) => {
      item.querySelector("path").setAttribute("class", `series s${lines[i].place}`);
      setText(item.querySelector("b"), this.#format(lines[i].values[index]));
    });
    const last = lines.map(({ name, values }) => `${name} ${this.#format(values[index])}`).join(", ");
    this.#picture.setAttribute("aria-label", `${this.#title}: ${last}`);
  }

  #timeAt(left) {
    if (this.#shown === undefined) return undefined;
    const { from, to } = this.#shown.span;
    const ms = from + (left - EDGE.left) / this.#plotWidth * (to - from);
    return Math.min(to, Math.max(from, ms));
  }

  #resized(width) {
    if (width === 0 || width === this.#width) return;
    this.#width = width;
    this.#picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    if (this.#shown !== undefined) this.draw(this.#shown);
  }
}

function isKnown(value) {
  return Number.isFinite(value);
}

/** The next number that reads well. */
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 10].find((step) => step * power >= value * 0.999) * power;
}

function indexAt(times, at) {
  if (at === undefined) return times.length - 1;
  return Math.max(0, times.findLastIndex((ms) => ms <= at));
}
