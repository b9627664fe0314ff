// The lab's stream, and everything that came by it. Both pages read from here.
//
// A line's id is its place in the order in which the lab kept it. When the connection breaks, the browser comes back with the
// last one and gets what it missed. Lines are shown in the order in which they *began*, which is how a story is told.

import { byId, wallClock } from "./dom.js";

/** As many as the lab gives a new page, and as many again; older ones are let go. */
const MOST = 20000;

export class Stream {
  constructor() {
    this.items = [];
    this.known = new Set();
    this.matrix = { at_us: 0, rows: [] };
    this.portals = [];
    this.lesson = null;
    this.run = null;
    this.startedAtMs = 0;
    this.caughtUp = false;
    this.missed = 0;
    this.listeners = {};
    this.waiting = false;
    this.fresh = [];
  }

  /** Calls `what` at: "items" (new lines), "matrix", "hello", "note" (the lab itself did something). */
  on(name, what) {
    (this.listeners[name] ??= []).push(what);
  }

  open() {
    const source = new EventSource("/console/live");
    const data = (what) => (event) => what(JSON.parse(event.data));
    source.addEventListener("hello", data((hello) => this.greeted(hello)));
    source.addEventListener("item", data((item) => this.take(item)));
    source.addEventListener("matrix", data((matrix) => {
      this.matrix = matrix;
      this.tell("matrix");
    }));
    source.addEventListener("lesson", data((lesson) => {
      this.lesson = lesson;
      this.tell("lesson");
    }));
    source.addEventListener("missed", data(({ missed }) => {
      this.missed += missed;
      this.soon();
    }));
    source.addEventListener("caught-up", () => {
      this.flush();
      this.caughtUp = true;
      this.tell("items", []);
    });
    source.onopen = () => connection("live", false);
    // A browser tries again by itself, unless the lab has refused it.
    source.onerror = () => connection(source.readyState === EventSource.CLOSED ? "stopped: reload" : "lab is away, trying again", true);
    addEventListener("pagehide", () => source.close());
    this.tick();
  }

  greeted(hello) {
    if (this.run !== hello.run) {
      Object.assign(this, { items: [], fresh: [], missed: 0, caughtUp: false, lesson: null });
      this.known.clear();
      this.tell("run");
      this.tell("lesson");
    }
    this.run = hello.run;
    this.startedAtMs = hello.started_at_ms;
    this.portals = hello.portals;
    this.tell("hello");
  }

  take(item) {
    // A line that came before the connection broke may come again.
    if (this.known.has(item.position)) return;
    this.known.add(item.position);
    this.fresh.push(item);
    this.soon();
  }

  /** Lines come in crowds: they are taken over a few times a second, and drawn once for all. */
  soon() {
    if (this.waiting) return;
    this.waiting = true;
    setTimeout(() => {
      this.waiting = false;
      this.flush();
    }, 80);
  }

  flush() {
    const fresh = this.fresh;
    this.fresh = [];
    for (const item of fresh) {
      let index = this.items.length;
      while (index > 0 && this.items[index - 1].seq > item.seq) index -= 1;
      this.items.splice(index, 0, item);
    }
    while (this.items.length > MOST) this.known.delete(this.items.shift().position);
    this.items.forEach((item, index) => { item.number = index + 1; });
    if (fresh.length > 0 || this.missed > 0) this.tell("items", fresh);
    if (this.caughtUp && fresh.some((item) => item.is === "note")) this.tell("note");
  }

  tell(name, value) {
    for (const listener of this.listeners[name] ?? []) listener(value);
  }

  wall(us) {
    return wallClock(this.startedAtMs + us / 1000);
  }

  tick() {
    const show = () => {
      const seconds = Math.max(0, Math.floor((Date.now() - this.startedAtMs) / 1000));
      if (this.startedAtMs) byId("lab-clock").textContent = `t+${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      byId("wall-clock").textContent = wallClock(Date.now());
    };
    show();
    setInterval(show, 1000);
  }
}

function connection(text, trouble) {
  const badge = byId("connection");
  badge.textContent = text;
  badge.classList.toggle("badge-bad", trouble);
}
