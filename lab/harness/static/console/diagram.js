// The sequence diagram: lanes and arrows, drawn by hand in SVG.

import { hold, sinceStart, svg } from "./dom.js";

/** The kinds of strokes. Each differs from the others without colour: by dash, by weight, and by its word. */
export const STROKES = {
  "browser": { word: "browser", means: "a browser's page or script", filter: "browser" },
  "front-channel": { word: "front channel", means: "a logout page in an iframe", filter: "front channel" },
  "back-channel": { word: "back channel", means: "Keycloak's own POST to a portal's server", filter: "back channel" },
  "server": { word: "server", means: "a portal's server asks Keycloak", filter: "server" },
  "other": { word: "other", means: "nobody knows who", filter: "other" },
};

const KINDS = ["stranger", "lab", "browser", "app", "keycloak"];

export class Diagram {
  /** `size` has: row, lane (the least distance of two), gutter, letter (its width), head. */
  constructor(place, size, choose) {
    this.place = place;
    this.size = size;
    this.choose = choose;
    this.cache = new Map();
    this.heads = svg("svg", { class: "heads", "aria-hidden": "true" });
    this.rows = svg("svg", { class: "rows", role: "group" });
    this.lines = svg("g", { class: "lifelines", "aria-hidden": "true" });
    this.rows.append(this.lines);
    place.append(this.heads, this.rows);
    new ResizeObserver(() => this.redraw?.()).observe(place);
  }

  /** Another run: what was drawn under a position is not what stands there now. */
  forget() {
    this.cache.clear();
  }

  /** Draws these lines. */
  draw(items, portals, chosen) {
    this.redraw = () => this.draw(items, portals, chosen);
    const lanes = lanesOf(items, portals);
    const slim = this.place.clientWidth < 560;
    this.place.classList.toggle("slim", slim);
    this.gutter = slim ? 40 : this.size.gutter;
    const { row, head } = this.size;
    const [gutter, lane] = [this.gutter, slim ? this.size.lane * 0.75 : this.size.lane];
    const width = Math.max(this.place.clientWidth, gutter + lanes.length * lane);
    const step = (width - gutter) / lanes.length;
    const x = new Map(lanes.map((name, index) => [name, gutter + step * (index + 0.5)]));
    const height = Math.max(items.length * row, 1) + 8;
    const key = `${width} ${lanes.join(" ")}`;
    if (key !== this.key) {
      this.key = key;
      this.cache.clear();
      this.drawHeads(lanes, x, width, step, head);
    }
    size(this.heads, width, head);
    size(this.rows, width, height);
    this.rows.setAttribute("aria-label", `Sequence diagram of ${items.length} messages; the same stands below as text`);
    hold(this.lines, lanes.map((name) => svg("line", { x1: x.get(name), x2: x.get(name), y1: 0, y2: height })));
    const groups = items.map((item, index) => this.row(item, index, x, width, chosen));
    hold(this.rows, [this.lines, ...groups]);
    for (const position of this.cache.keys()) {
      if (this.cache.size <= items.length * 2) break;
      this.cache.delete(position);
    }
  }

  drawHeads(lanes, x, width, step, head) {
    const boxes = lanes.map((name) => {
      const wide = Math.min(step - 10, this.size.lane * 1.1);
      return svg("g", {},
        svg("rect", { x: x.get(name) - wide / 2, y: 4, width: wide, height: head - 8, rx: 6 }),
        svg("text", { x: x.get(name), y: head / 2, "text-anchor": "middle", "dominant-baseline": "central" }, short(name, 16)));
    });
    this.heads.replaceChildren(...boxes);
  }

  row(item, index, x, width, chosen) {
    let made = this.cache.get(item.position);
    if (!made) {
      made = item.is === "exchange" ? this.arrow(item, x, width) : this.note(item, x, width);
      this.cache.set(item.position, made);
    }
    made.setAttribute("transform", `translate(0 ${index * this.size.row})`);
    made.classList.toggle("chosen", item.position === chosen);
    made.querySelector(".number").textContent = item.number;
    return made;
  }

  arrow(item, x, width) {
    const { arrow } = item;
    const [{ row, letter }, gutter] = [this.size, this.gutter];
    const [from, to] = [x.get(arrow.from), x.get(arrow.to)];
    const direction = Math.sign(to - from) || 1;
    const [line, tip] = [row * 0.58, to - direction * 3];
    const word = item.channel === "front-channel iframe" ? "front channel" : item.channel.replace("-", " ");
    const says = shortPath(arrow.says);
    const room = width - gutter - 12;
    const place = (text) => clamp((from + to) / 2, gutter + (text.length * letter) / 2, gutter + room - (text.length * letter) / 2);
    const label = `${word} ${says}`;
    const back = short(arrow.back.replace(/^(\d+) to (.*)$/, (_, status, where) => `${status} to ${shortPath(where)}`), 60);
    const bad = /^(5|no answer)/.test(arrow.back);
    const link = svg("a", {
      href: `#m${item.position}`, class: `message stroke-${arrow.stroke}`, tabindex: "-1", "data-position": item.position,
      onclick: (event) => {
        event.preventDefault();
        this.choose(item);
      },
    },
      // Its title is its name for those who hear the page. An aria-label would have to repeat all the words that stand in it.
      svg("title", {}, arrow.sentence),
      svg("rect", { class: "ground", x: 0, y: 0, width, height: row }),
      svg("text", { class: "number", x: 8, y: line }),
      svg("text", { class: "at", x: gutter - 8, y: line, "text-anchor": "end" }, sinceStart(item.at_us)),
      svg("text", { class: "says", x: place(label), y: line - row * 0.17, "text-anchor": "middle" },
        svg("tspan", { class: "word" }, `${word} `), says),
      svg("text", { class: bad ? "back bad" : "back", x: place(back), y: line + row * 0.33, "text-anchor": "middle" }, back),
      // After the words, whose halo would bite into them.
      svg("line", { class: "shaft", x1: from, x2: tip - direction * 6, y1: line, y2: line }),
      arrow.stroke === "back-channel" ? svg("line", { class: "core", x1: from, x2: tip - direction * 9, y1: line, y2: line }) : null,
      svg("circle", { class: "from", cx: from, cy: line, r: 3 }),
      svg("path", { class: "tip", d: `M ${tip} ${line} l ${-direction * 11} -5.5 v 11 z` }));
    return link;
  }

  note(item, x, width) {
    const [{ row, letter }, gutter] = [this.size, this.gutter];
    const lab = item.is === "note";
    const text = short(lab ? `lab: ${item.text}` : `${item.portal} notes: ${item.text}`, Math.floor((width - gutter) / letter) - 4);
    const wide = text.length * letter + 24;
    const middle = lab ? gutter + (width - gutter) / 2 : x.get(item.portal) ?? gutter + width / 2;
    const at = clamp(middle, gutter + wide / 2, Math.max(gutter + wide / 2, width - wide / 2 - 6));
    return svg("g", { class: lab ? "remark remark-lab" : "remark", "data-position": item.position },
      svg("title", {}, text),
      svg("text", { class: "number", x: 8, y: row * 0.58 }),
      svg("text", { class: "at", x: gutter - 8, y: row * 0.58, "text-anchor": "end" }, sinceStart(item.at_us)),
      svg("rect", { x: at - wide / 2, y: row * 0.18, width: wide, height: row * 0.64, rx: 5 }),
      svg("text", { class: "remark-text", x: at, y: row * 0.5, "text-anchor": "middle", "dominant-baseline": "central" }, text));
  }
}

/** Lanes left to right, as in every picture of the lab: strangers, browsers, portals in the lab's order, Keycloak. */
function lanesOf(items, portals) {
  const lanes = new Map([...portals.map((name) => [name, "app"]), ["keycloak", "keycloak"]]);
  for (const item of items) {
    if (item.is !== "exchange") continue;
    if (!lanes.has(item.arrow.from)) lanes.set(item.arrow.from, item.from_kind);
    if (!lanes.has(item.arrow.to)) lanes.set(item.arrow.to, item.to_kind);
  }
  if (![...lanes.values()].includes("browser")) lanes.set("browser", "browser");
  return [...lanes].sort((one, other) => KINDS.indexOf(one[1]) - KINDS.indexOf(other[1])).map(([name]) => name);
}

/** What tells two addresses apart is their end. */
function shortPath(text) {
  if (text.length <= 34) return text;
  const space = text.indexOf(" ") + 1;
  const [head, path] = [text.slice(0, space), text.slice(space)];
  const parts = path.split("/");
  return short(`${head}…/${parts.slice(-2).join("/")}`, 44);
}

const short = (text, most) => (text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`);
const clamp = (value, least, most) => Math.max(least, Math.min(value, Math.max(least, most)));

function size(picture, width, height) {
  picture.setAttribute("width", width);
  picture.setAttribute("height", height);
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
}
