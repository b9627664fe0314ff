// The timeline: a window of the lines that pass the filters, as a picture and, with the same numbers, as text.

import { byId, el, hold, sinceStart, svg } from "./dom.js";
import { Diagram, STROKES } from "./diagram.js";
import { sentence } from "./filters.js";

/** Lines that are drawn at once. All others are only kept. */
const PAGE = 200;
/** Sentences that a screen reader may still have to read. */
const SPOKEN = 12;

export class Timeline {
  constructor(stream, filters, onChoose) {
    Object.assign(this, { stream, filters, onChoose, chosen: null, paused: false, end: null, after: 0, entries: new Map() });
    const size = { row: 44, lane: 128, gutter: 104, letter: 6.4, head: 40 };
    this.diagram = new Diagram(byId("diagram"), size, (item) => this.choose(item));
    byId("pause").addEventListener("click", () => this.pause());
    byId("clear").addEventListener("click", () => this.clear());
    byId("older").addEventListener("click", () => this.page(-PAGE));
    byId("newer").addEventListener("click", () => this.page(PAGE));
    byId("text").addEventListener("keydown", (event) => this.walk(event));
    stream.on("run", () => this.begin());
    legend();
  }

  /** Another run: its positions begin anew, and nothing of the old one may stand under them. */
  begin() {
    Object.assign(this, { end: null, after: 0, upTo: null });
    if (this.paused) this.pause();
    this.entries.clear();
    this.diagram.forget();
    this.choose(null);
  }

  /** New lines have come. */
  came(fresh) {
    if (this.stream.caughtUp && !this.paused) speak(fresh.map(sentence));
    this.show();
  }

  pause() {
    this.paused = !this.paused;
    this.upTo = this.paused ? new Set(this.stream.items.map((item) => item.position)) : null;
    const button = byId("pause");
    button.setAttribute("aria-pressed", String(this.paused));
    button.textContent = this.paused ? "Go on" : "Pause";
    this.show();
  }

  clear() {
    this.after = Math.max(0, ...this.stream.items.map((item) => item.position));
    this.end = null;
    this.choose(null);
    this.show();
  }

  page(by) {
    this.end = Math.max(PAGE, (this.end ?? this.visible.length) + by);
    if (this.end >= this.visible.length) this.end = null;
    this.show();
    byId("diagram").scrollTop = 0;
  }

  show() {
    const { stream } = this;
    const all = stream.items.filter((item) => item.position > this.after && (!this.upTo || this.upTo.has(item.position)));
    this.visible = this.filters.of(all);
    const end = Math.min(this.end ?? this.visible.length, this.visible.length);
    const start = Math.max(0, end - PAGE);
    this.window = this.visible.slice(start, end);
    const frame = byId("diagram");
    const [follows, textFollows] = [atBottom(frame), atBottom(byId("text"))];
    this.diagram.draw(this.window, stream.portals, this.chosen?.position);
    hold(byId("text"), this.window.map((item) => this.entry(item)));
    for (const position of this.entries.keys()) {
      if (this.entries.size <= this.window.length * 2) break;
      this.entries.delete(position);
    }
    this.roving();
    if (this.end === null && follows) frame.scrollTop = frame.scrollHeight;
    if (this.end === null && textFollows) byId("text").scrollTop = byId("text").scrollHeight;
    this.words(all.length, start, end);
  }

  words(all, start, end) {
    const waiting = this.paused ? this.stream.items.filter((item) => !this.upTo.has(item.position)).length : 0;
    const parts = [this.filters.narrow ? `${this.visible.length} of ${all} messages` : `${all} messages`];
    if (this.paused) parts.push(`paused, ${waiting} waiting`);
    if (this.stream.missed > 0) parts.push(`${this.stream.missed} events were missed and are no longer kept`);
    byId("counts").textContent = parts.join(" · ");
    byId("pages").hidden = this.visible.length <= PAGE;
    byId("older").disabled = start === 0;
    byId("newer").disabled = this.end === null;
    byId("window").textContent = `${start + 1} to ${end} of ${this.visible.length}`;
    byId("empty").hidden = this.window.length > 0;
    byId("empty").textContent = all > 0 && this.visible.length === 0
      ? "No message passes the filters."
      : "Nothing has happened yet. Open a portal and sign in: every request appears here as it ends.";
    for (const id of ["diagram", "text", "text-title"]) byId(id).hidden = this.window.length === 0;
  }

  entry(item) {
    let entry = this.entries.get(item.position);
    if (!entry) {
      const kind = item.is === "exchange" ? `stroke-${item.arrow.stroke}` : "remark";
      const time = el("span", { class: "at" }, `t+${sinceStart(item.at_us)} · ${this.stream.wall(item.at_us)}`);
      const number = el("span", { class: "number" });
      const body = item.is === "exchange"
        ? el("button", { type: "button", class: "line", tabindex: "-1", onclick: () => this.choose(item) }, number, " ", sentence(item), " ", time)
        : el("p", { class: "line" }, number, " ", sentence(item), " ", time);
      entry = el("li", { class: kind, "data-position": item.position }, body);
      this.entries.set(item.position, entry);
    }
    entry.querySelector(".number").textContent = item.number;
    entry.classList.toggle("chosen", item.position === this.chosen?.position);
    return entry;
  }

  /** One of the buttons is reached by Tab, the others from there by the arrow keys: 200 stops would be a wall. */
  roving() {
    const buttons = [...byId("text").querySelectorAll("button")];
    const one = buttons.find((button) => button === document.activeElement)
      ?? buttons.find((button) => button.parentElement.classList.contains("chosen")) ?? buttons.at(-1);
    for (const button of buttons) button.tabIndex = button === one ? 0 : -1;
  }

  walk(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const buttons = [...byId("text").querySelectorAll("button")];
    buttons[buttons.indexOf(document.activeElement) + by]?.focus();
    this.roving();
  }

  choose(item) {
    this.chosen = item;
    if (this.visible) this.show();
    this.onChoose(item);
  }

  /** The next or the previous message. */
  step(by) {
    const messages = this.visible.filter((item) => item.is === "exchange");
    if (messages.length === 0) return;
    const at = messages.findIndex((item) => item.position === this.chosen?.position);
    const next = at < 0 ? (by > 0 ? 0 : messages.length - 1) : Math.max(0, Math.min(messages.length - 1, at + by));
    const index = this.visible.indexOf(messages[next]);
    const end = Math.min(this.end ?? this.visible.length, this.visible.length);
    if (index >= end || index < end - PAGE) this.end = Math.min(this.visible.length, index + PAGE / 2);
    this.choose(messages[next]);
    const place = `[data-position="${messages[next].position}"]`;
    for (const id of ["diagram", "text"]) byId(id).querySelector(place)?.scrollIntoView({ block: "nearest" });
  }
}

function atBottom(frame) {
  return frame.scrollHeight - frame.scrollTop - frame.clientHeight < 80;
}

/** One sentence a message, for those who hear the page. */
function speak(sentences) {
  const region = byId("announce");
  region.append(...sentences.slice(-SPOKEN).map((text) => el("p", {}, text)));
  while (region.children.length > SPOKEN) region.firstChild.remove();
}

function legend() {
  const sample = (stroke) => svg("svg", { width: 44, height: 14, class: `message stroke-${stroke}`, "aria-hidden": "true" },
    svg("line", { class: "shaft", x1: 2, x2: 34, y1: 7, y2: 7 }),
    stroke === "back-channel" ? svg("line", { class: "core", x1: 2, x2: 32, y1: 7, y2: 7 }) : null,
    svg("path", { class: "tip", d: "M 42 7 l -11 -5.5 v 11 z" }));
  byId("legend").replaceChildren(...Object.entries(STROKES).map(([stroke, { word, means }]) =>
    el("li", {}, sample(stroke), " ", el("strong", {}, word), ` ${means}`)));
}
