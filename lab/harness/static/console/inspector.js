// All of one message, in five tabs, and two messages side by side.

import { byId, el, sinceStart } from "./dom.js";

const TABS = ["what", "raw", "token", "why", "curl"];

export class Inspector {
  constructor(stream) {
    this.stream = stream;
    this.tab = "what";
    this.pins = [];
    byId("pin").addEventListener("click", () => this.pin());
    byId("unpin").addEventListener("click", () => {
      this.pins = [];
      byId("compare").hidden = true;
      this.pinWord();
    });
  }

  /** Shows this line, or nothing. */
  async show(item) {
    this.item = item;
    this.detail = null;
    byId("pin").hidden = true;
    if (!item || item.is !== "exchange") {
      byId("inspector-title").textContent = "Message";
      byId("chosen").replaceChildren(el("p", { class: "empty" }, "Choose a message in the timeline to see all of it: click it, or press ", el("kbd", {}, "j"), "."));
      return;
    }
    byId("inspector-title").textContent = `Message ${item.number}`;
    let detail = null;
    try {
      const answer = await fetch(`/console/exchanges/${item.position}`);
      if (answer.ok) detail = await answer.json();
    } catch {
      // The lab is away: the same words as for what it no longer keeps.
    }
    // Somebody who goes quickly through the list has chosen another by now.
    if (this.item !== item) return;
    this.detail = detail;
    if (!detail) {
      byId("chosen").replaceChildren(el("p", { class: "empty" }, `The lab no longer has all of it. ${item.arrow.sentence}`));
      return;
    }
    byId("pin").hidden = false;
    this.pinWord();
    this.draw();
  }

  select(tab, focus) {
    this.tab = tab;
    if (this.detail) this.draw();
    if (focus) byId(`tab-${tab}`)?.focus();
  }

  draw() {
    const tabs = TABS.map((name) => el("button", {
      type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "tab-panel", "aria-selected": String(name === this.tab),
      tabindex: name === this.tab ? "0" : "-1", onclick: () => this.select(name, true),
    }, name));
    const list = el("div", { role: "tablist", "aria-label": "Sides of the message", class: "tabs", onkeydown: (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      this.select(TABS[(TABS.indexOf(this.tab) + by + TABS.length) % TABS.length], true);
    } }, ...tabs);
    const panel = el("div", { role: "tabpanel", id: "tab-panel", "aria-labelledby": `tab-${this.tab}`, tabindex: "0", class: "tab-panel" }, ...this[this.tab](this.detail));
    byId("chosen").replaceChildren(list, panel);
  }

  what({ arrow, channel, stroke, seq, at_us, exchange }) {
    return [
      el("p", { class: "sentence" }, arrow.sentence),
      facts([
        ["from", arrow.from], ["to", arrow.to], ["travels as", `${channel} (${stroke})`], ["answer", arrow.back],
        ["session of", this.item.user ?? "nobody that the lab knows"],
        ["began", `t+${sinceStart(at_us)} · ${this.stream.wall(at_us)}`], ["took", `${(exchange.took_us / 1000).toFixed(1)} ms`], ["event", `seq ${seq}`],
      ]),
    ];
  }

  raw({ exchange }) {
    return Object.entries(groups(exchange)).filter(([, rows]) => rows.length > 0)
      .flatMap(([title, rows]) => [el("h3", {}, title), facts(rows)]);
  }

  token({ tokens }) {
    if (tokens.length === 0) return [el("p", { class: "empty" }, "No token stands in this message.")];
    return tokens.flatMap(({ place, kind, header, claims }) => [
      el("h3", {}, `${kind.replaceAll("_", " ")}`, el("span", { class: "soft" }, ` in ${place}`)),
      el("p", { class: "code soft" }, `header ${header}`),
      el("ul", { class: "claims" }, ...claims.map((claim) => el("li", { class: `claim claim-${claim.verdict}` },
        el("span", { class: "claim-name" }, claim.name), " ",
        el("span", { class: "code" }, claim.value ?? "(absent)"),
        claim.note || claim.clause ? el("span", { class: "claim-note" }, { right: "ok: ", wrong: "WRONG: ", open: "" }[claim.verdict], claim.note, " ", ...link(claim.clause)) : null))),
      el("p", { class: "soft" }, "Shown as it was sent; the lab has not checked its signature."),
    ]);
  }

  why({ why }) {
    return [el("p", {}, why.text), why.clause
      ? el("p", {}, "Read it: ", ...link(why.clause), ` (${why.clause.title}, section ${why.clause.section})`)
      : el("p", { class: "soft" }, "No specification asks for it.")];
  }

  curl({ curl }) {
    const said = el("span", { role: "status", class: "soft" });
    return [
      el("p", {}, "The same again, from a terminal. What the lab does not show is a variable for you to fill."),
      el("pre", { class: "code", tabindex: "0", "aria-label": "Command" }, curl),
      el("p", {}, el("button", { type: "button", class: "button quiet small", onclick: async () => {
        try {
          await navigator.clipboard.writeText(curl);
          said.textContent = "copied";
        } catch {
          said.textContent = "the browser does not allow it: select the text";
        }
      } }, "Copy"), " ", said),
    ];
  }

  pin() {
    if (!this.detail || this.pins.some(({ item }) => item === this.item)) return;
    this.pins = [...this.pins.slice(-1), { item: this.item, detail: this.detail }];
    this.pinWord();
    if (this.pins.length === 2) this.compare();
  }

  pinWord() {
    const pinned = this.pins.some(({ item }) => item === this.item);
    const button = byId("pin");
    button.disabled = pinned;
    button.textContent = pinned ? "Pinned" : this.pins.length === 1 ? `Compare with ${this.pins[0].item.number}` : "Pin to compare";
  }

  compare() {
    const [one, other] = this.pins.map(({ detail }) => flat(detail));
    const names = [...new Set([...one.keys(), ...other.keys()])];
    const rows = names.map((name) => {
      const [left, right] = [one.get(name) ?? "–", other.get(name) ?? "–"];
      const differs = left !== right;
      return el("tr", { class: differs ? "differs" : null }, el("th", { scope: "row" }, name), el("td", { class: "code" }, left),
        el("td", { class: "code" }, right), el("td", {}, differs ? "differs" : "same"));
    });
    const head = el("tr", {}, el("th", { scope: "col" }, "what"), ...this.pins.map(({ item }) => el("th", { scope: "col" }, `message ${item.number}`)), el("th", { scope: "col" }, "compared"));
    byId("compared").replaceChildren(el("table", { class: "compare" }, el("thead", {}, head), el("tbody", {}, ...rows)));
    byId("compare").hidden = false;
    byId("compare").scrollIntoView({ block: "nearest" });
  }
}

/** A masked value in words. Equal prints are equal values. */
export function shown(value) {
  switch (value.is) {
    case "plain": return value.text === "" ? "(empty)" : value.text;
    case "id": return value.text;
    case "secret": return `<${value.kind} ${value.print.slice(0, 8)}>`;
    default: return `<${value.kind.replaceAll("_", " ")} ${value.print.slice(0, 8)}, a token>`;
  }
}

function groups(exchange) {
  const params = (list) => list.map(({ name, value }) => [name, shown(value)]);
  const { answer } = exchange;
  const response = answer.answer === "response";
  return {
    "Request": [["method", exchange.method], ["path", exchange.path]],
    "Query": params(exchange.query),
    "Headers worth keeping": params(exchange.headers),
    "Cookies": params(exchange.cookies),
    "Body": body(exchange.body),
    "Answer": response ? [["status", String(answer.status)], ...params(answer.headers)] : [["nothing", answer.reason ?? "the caller went away"]],
    "Sets cookies": response ? params(answer.set_cookies) : [],
    "Redirects to": response && answer.location ? [["address", `${answer.location.origin}${answer.location.path}`], ...params(answer.location.query)] : [],
    "Body of the answer": response ? body(answer.body) : [],
  };
}

function body(sent) {
  switch (sent.body) {
    case "empty": return [];
    case "form": return sent.fields.map(({ name, value }) => [name, shown(value)]);
    case "json": return sent.members.map(({ name, value }) => [name, shown(value)]);
    case "html": return [["page", sent.title], ...sent.frames.map((frame) => ["iframe", frame])];
    default: return [[sent.media_type || "bytes", `${sent.bytes} bytes`]];
  }
}

function flat({ arrow, channel, exchange, tokens }) {
  const all = new Map([["from", arrow.from], ["to", arrow.to], ["travels as", channel]]);
  for (const [title, rows] of Object.entries(groups(exchange))) for (const [name, value] of rows) all.set(`${title}: ${name}`, value);
  for (const { place, claims } of tokens) for (const claim of claims) if (claim.value) all.set(`${place}: ${claim.name}`, claim.value);
  return all;
}

function facts(rows) {
  return el("dl", { class: "facts" }, ...rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

function link(clause) {
  return clause ? [el("a", { href: clause.url, target: "_blank", rel: "noreferrer", title: `${clause.title}, section ${clause.section}` }, clause.reference)] : [];
}
