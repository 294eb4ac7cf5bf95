/** The page: hears what the server tells, and draws it. */

import { Chart } from "./chart.js";
import { Controls } from "./control.js";
import { byId, inputById, setText } from "./elements.js";
import { clock, share, short, whole } from "./format.js";
import { byName, History, most, Places } from "./history.js";
import { drawDecisions, drawInstances, drawSessions, drawTiles } from "./panels.js";
import { TopologyPicture } from "./topology.js";

/** @import { PageHello, SentSnapshot } from "../snapshot.ts" */
/** @import { Line } from "./chart.js" */

/** After so long without news the page says so, in ms. */
const SILENCE_MS = 5_000;

const lookBack = inputById("look-back");
const controls = new Controls();
const topology = new TopologyPicture(byId("topology"));
let history = new History(600_000);
/** @type {string | undefined} */
let epoch;
let isReady = false;
let connected = false;
let heardAt = performance.now();
/**
 * The time that somebody points at.
 *
 * @type {number | undefined}
 */
let pointed;
let drawing = false;
const instancePlaces = new Places();

/** @param {number | undefined} ms */
const onPoint = (ms) => {
  pointed = ms;
  draw();
};
const CHARTS = {
  lag: new Chart({ title: "Lag by partition", format: short, least: 10, most: 8, onPoint }),
  replicas: new Chart({ title: "Replicas", format: whole, least: 4, step: true, onPoint }),
  rates: new Chart({ title: "Records a second", format: short, least: 10, onPoint }),
  load: new Chart({ title: "Load by instance", format: share, least: 1, most: 8, onPoint }),
};
byId("charts").append(...Object.values(CHARTS).map(({ element }) => element));

lookBack.addEventListener("input", draw);
connect();
setInterval(showLink, 1_000);

function connect() {
  const events = new EventSource("events");
  events.addEventListener("hello", ({ data }) => greet(JSON.parse(data)));
  events.addEventListener("snapshot", ({ data }) => {
    heardAt = performance.now();
    history.add(JSON.parse(data));
    if (isReady) draw();
  });
  events.addEventListener("ready", () => {
    isReady = true;
    draw();
  });
  events.addEventListener("open", () => connected = true);
  events.addEventListener("error", () => {
    connected = false;
    showLink();
    // The browser tries again by itself, unless the server has answered with an error.
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, 2_000);
  });
}

/** @param {PageHello} hello */
function greet(hello) {
  connected = true;
  heardAt = performance.now();
  if (hello.epoch !== epoch) history = new History(hello.historyMs);
  epoch = hello.epoch;
  document.title = `${hello.title} – kos`;
  setText(byId("title"), hello.title);
  byId("topology-section").hidden = hello.topology.length === 0;
  controls.offer(hello);
  topology.show(hello.topology);
}

function showLink() {
  const silent = Math.floor((performance.now() - heardAt) / 1_000);
  const problem = history.last?.problem;
  const link = byId("link");
  const [state, text] = !connected
    ? ["bad", "connection lost, trying again"]
    : silent * 1_000 >= SILENCE_MS
    ? ["bad", `no news for ${silent} s`]
    : problem !== undefined
    ? ["bad", problem]
    : history.last === undefined
    ? ["", "waiting for the first numbers"]
    : ["live", "● live"];
  link.dataset.state = state;
  setText(link, text);
}

/** Draws before the next frame, however often it is asked for. */
function draw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    if (history.last !== undefined) drawNow(history.last);
  });
}

/** @param {SentSnapshot} last */
function drawNow(last) {
  // No further back than there is something to be seen.
  const first = history.snapshots[0]?.atMs ?? last.atMs;
  lookBack.min = `${Math.min(-1, Math.ceil((first - last.atMs) / 1_000))}`;
  const back = Number(lookBack.value);
  const asked = pointed ?? (back < 0 ? last.atMs + back * 1_000 : undefined);
  const at = asked === undefined ? undefined : Math.max(first, asked);
  const snapshot = at === undefined ? last : history.at(at) ?? last;
  setText(byId("look-at"), at === undefined ? "now" : clock(at));
  lookBack.setAttribute("aria-valuetext", at === undefined ? "now" : clock(at));
  setText(byId("phase"), snapshot.phase ?? "");
  drawTiles(byId("tiles"), snapshot);
  const kill = controls.canKill
    ? (/** @type {string} */ name) => controls.ask({ action: "killInstance", name }, `Kill ${name}`)
    : undefined;
  drawInstances(byId("instances"), snapshot, kill);
  drawDecisions(byId("decisions"), byId("newest-decision"), history.decisions());
  drawSessions(byId("sessions-section"), byId("sessions"), snapshot.sessions);
  topology.rate(snapshot.topics);
  controls.follow(last.rates.target);
  drawCharts(at);
  showLink();
  // All of it is there at once: nothing has to make room for what comes later.
  byId("main").dataset.drawn = "";
}

/** @param {number | undefined} at */
function drawCharts(at) {
  const { snapshots, span } = history;
  const common = { times: snapshots.map(({ atMs }) => atMs), marks: history.rebalances(), span, at };
  /** @type {(name: string, place: number, value: (snapshot: SentSnapshot) => number | undefined) => Line} */
  const line = (name, place, value) => ({ name, place, values: snapshots.map(value) });
  CHARTS.lag.draw({ ...common, lines: history.lagLines() });
  CHARTS.replicas.draw({
    ...common,
    lines: [line("running", 0, ({ running }) => running), line("wanted", 4, ({ wanted }) => wanted)],
  });
  CHARTS.rates.draw({
    ...common,
    lines: [
      line("in", 0, ({ rates }) => rates.in),
      line("processed", 1, ({ rates }) => rates.processed),
      line("out", 2, ({ rates }) => rates.out),
    ],
  });
  CHARTS.load.draw({ ...common, lines: loadLines(snapshots) });
}

/**
 * The load of each instance; of more than the colours are for, the highest alone.
 *
 * @param {readonly SentSnapshot[]} snapshots
 * @returns {Line[]}
 */
function loadLines(snapshots) {
  const names = [...new Set(snapshots.flatMap(({ instances }) => instances.map(({ name }) => name)))];
  if (names.length > 8) {
    const highest = snapshots.map(({ instances }) => most(instances.map(({ load }) => load)));
    return [{ name: "highest", place: 0, values: highest }];
  }
  return instancePlaces.of(names.sort(byName)).map(({ key: name, place }) => ({
    name,
    place,
    values: snapshots.map(({ instances }) => instances.find((each) => each.name === name)?.load),
  }));
}
