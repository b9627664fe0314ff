// A lesson on the page: its pieces in their order, and the button that goes on. Whoever has the run's token presses it; everybody
// else watches the same.

import { ask, mayAsk, open } from "./controls.js";
import { byId, el } from "./dom.js";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

export class Lesson {
  constructor(stream) {
    this.stream = stream;
    this.cards = null;
    byId("open-lessons").addEventListener("click", () => this.choose());
    byId("find-lesson").addEventListener("input", () => this.list());
    stream.on("lesson", () => this.show());
    stream.on("hello", () => this.show());
  }

  /** The list of lessons, to open one of them. */
  async choose() {
    open("lessons");
    if (this.cards === null) {
      const answer = await fetch("/console/lessons").catch(() => null);
      this.cards = answer?.ok ? await answer.json() : null;
    }
    byId("lesson-said").textContent = this.cards === null ? "The lab does not say which lessons there are." : "";
    this.list();
    byId("find-lesson").focus();
  }

  list() {
    const words = byId("find-lesson").value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (card) => words.every((word) => `${card.id} ${card.title} ${card.topic}`.toLowerCase().includes(word));
    byId("lesson-list").replaceChildren(...(this.cards ?? []).filter(fits).map((card) => el("li", {},
      el("div", { class: "fault-head" },
        el("strong", {}, card.title),
        el("button", { type: "button", class: "button quiet small", disabled: !mayAsk(), "aria-label": `Open ${card.title}`, onclick: () => this.begin(card.id) }, "Open")),
      el("p", { class: "soft" }, el("span", { class: "code" }, card.id), ` · ${card.topic} · ${card.minutes} min · level ${card.level}`))));
  }

  async begin(id) {
    byId("lesson-said").textContent = "opening…";
    try {
      await ask("/api/lesson", { do: "begin", id });
      byId("lesson-said").textContent = "";
      byId("lessons").close();
      byId("lesson").focus();
    } catch (error) {
      byId("lesson-said").textContent = error.message;
    }
  }

  /** Goes on where the lesson waits for that; for the key. */
  goOn() {
    if (this.stream.lesson?.waits_for === "go-on") say({ do: "go-on", turn: this.stream.lesson.turn });
  }

  show() {
    const scene = this.stream.lesson;
    const panel = byId("lesson");
    panel.hidden = !scene;
    if (!scene) {
      panel.replaceChildren();
      this.drawn = null;
      return;
    }
    if (this.drawn !== scene.id) {
      this.drawn = scene.id;
      this.pieces = el("ol", { class: "pieces", "aria-live": "polite" });
      this.foot = el("div", { class: "lesson-foot" });
      panel.replaceChildren(head(scene), this.pieces, this.foot);
    }
    drawPieces(this.pieces, scene);
    const focused = this.foot.contains(document.activeElement);
    this.foot.replaceChildren(...controls(scene));
    if (focused) this.foot.querySelector("button:not([disabled])")?.focus();
  }
}

function head(scene) {
  return el("div", {},
    el("div", { class: "head" },
      el("h2", { id: "lesson-title" }, scene.title),
      el("p", { class: "soft" }, `${scene.id} · ${scene.minutes} min · ${scene.clauses.join(", ")}`)),
    scene.faults.length === 0 ? null : el("p", { class: "needs-token" }, `Planted for this lesson: ${scene.faults.join(", ")}`),
    el("ul", { class: "objectives" }, ...scene.objectives.map((text) => el("li", {}, `Afterwards you can ${text}.`))));
}

/** Draws what is new or has changed, and leaves the rest alone. */
export function drawPieces(list, scene) {
  scene.pieces.forEach((piece, index) => {
    const text = JSON.stringify([piece, index === scene.pieces.length - 1 && [scene.waits_for, scene.turn]]);
    const old = list.children[index];
    if (old?.drawn === text) return;
    const made = el("li", { class: `piece piece-${piece.piece}` }, ...drawPiece(piece, scene, index));
    made.drawn = text;
    if (old) {
      const focused = old.contains(document.activeElement);
      old.replaceWith(made);
      if (focused) made.querySelector("button")?.focus();
    } else {
      list.append(made);
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      list.scrollTo({ top: made.offsetTop - list.offsetTop, behavior: calm ? "auto" : "smooth" });
    }
  });
  while (list.children.length > scene.pieces.length) list.lastChild.remove();
}

function drawPiece(piece, scene, index) {
  switch (piece.piece) {
    case "prose": return written(piece.html);
    case "explanation": return [el("h3", {}, "What happened, and why"), ...written(piece.html)];
    case "question": return question(piece, scene, index);
    case "step": return step(piece, scene);
    case "end": return [el("p", { class: piece.good ? "verdict good" : "verdict bad" }, `${piece.good ? "PASS" : "FAIL"}: ${piece.says.join(" ")}`)];
    default: return [el("p", {}, `This page does not know the piece "${piece.piece}": reload it.`)];
  }
}

/**
 * The lab has turned Markdown into HTML that has no scripts and no foreign addresses. It is read by a parser whose documents run
 * nothing, and the page's policy would run nothing either.
 */
export function written(html) {
  const read = new DOMParser().parseFromString(html, "text/html");
  return [...read.body.childNodes].map((node) => document.importNode(node, true));
}

function question(piece, scene, index) {
  const open = index === scene.pieces.length - 1 && scene.waits_for === "answer";
  const choice = (says, at) => el("li", {},
    el("button", {
      type: "button", class: piece.chose === at ? "choice chosen" : "choice", disabled: !open || !mayAsk(),
      "aria-pressed": String(piece.chose === at), onclick: () => say({ do: "answer", choice: at, turn: scene.turn }),
    }, el("strong", {}, `${LETTERS[at]}) `), says));
  return [
    el("h3", {}, "What do you think?"),
    el("p", { class: "asks" }, piece.asks),
    el("ol", { class: "choices" }, ...piece.choices.map(choice)),
    ...reveal(piece),
  ];
}

/** What is said when the curtain opens. */
export function reveal(piece) {
  if (piece.reveal.length === 0) return [];
  return [el("div", { class: "reveal" }, el("strong", {}, "Reveal"), ...piece.reveal.map((line) => el("p", {}, line)))];
}

function step(piece, scene) {
  const title = el("h3", {}, `Step ${piece.number} of ${scene.plan.length}: ${piece.sentence}`);
  if (!piece.done) {
    return [title, el("p", { class: "soft" }, scene.waits_for === "step" ? "being done…" : "not done yet")];
  }
  const { sees, told, not_told: notTold, checks, exchanges } = piece.done;
  const failed = checks.filter(({ failure }) => failure.length > 0);
  return [
    title,
    el("dl", { class: "facts" },
      ...(sees ? [fact("sees", sees)] : []),
      ...(told.length > 0 ? [fact("told", told.join(", "))] : []),
      ...notTold.map((line) => fact("not told", line)),
      ...piece.done.matrix.rows.map((row) => fact(row.browser, row.cells.map(({ of, state }) => `${of === "sso" ? "SSO" : of} ${state === "zombie" ? "ZOMBIE" : state}`).join(" · ")))),
    el("details", {},
      el("summary", {}, count(exchanges.length, "message")),
      el("ol", { class: "sentences" }, ...exchanges.map(([number, sentence]) => el("li", { value: number }, sentence)))),
    checks.length === 0 ? null : el("details", { open: failed.length > 0 },
      el("summary", {}, failed.length === 0 ? `${count(checks.length, "check")} passed` : `${failed.length} of ${count(checks.length, "check")} FAILED`),
      el("ul", { class: "checks" }, ...checks.map(({ name, failure }) => el("li", { class: failure.length === 0 ? "good" : "bad" },
        el("strong", {}, failure.length === 0 ? "PASS " : "FAIL "), name, ...failure.map((line) => el("p", {}, line)))))),
  ];
}

function count(number, word) {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

function fact(name, text) {
  return el("div", {}, el("dt", {}, name), el("dd", {}, text));
}

/** The buttons that go on, skip and close, with what the lesson waits for. */
export function controls(scene) {
  const button = (words, word, quiet, keys) => el("button", {
    type: "button", class: quiet ? "button quiet" : "button", disabled: !mayAsk(), "aria-keyshortcuts": keys, onclick: () => say(word),
  }, words);
  const last = scene.pieces.at(-1);
  const next = {
    "go-on": () => [button(last?.piece === "step" && !last.done ? "Do it" : "Go on", { do: "go-on", turn: scene.turn }, false, "n")],
    answer: () => [el("span", { class: "soft" }, "Choose an answer, or "), button("skip it", { do: "answer", choice: null, turn: scene.turn }, true)],
    step: () => [el("span", { class: "soft", role: "status" }, "being done…")],
    nothing: () => [],
  }[scene.waits_for] ?? (() => []);
  return [
    ...next(),
    button(scene.waits_for === "nothing" ? "Close the lesson" : "Leave the lesson", { do: "leave" }, true),
    ...(mayAsk() ? [] : [el("p", { class: "needs-token" }, "This page may only look. Open it with ", el("code", {}, "cargo xtask lab open console"), " to go on from here.")]),
    el("p", { id: "lesson-trouble", class: "said", role: "alert" }),
  ];
}

/** Says a word to the open lesson; what the lab has against it appears below the buttons. */
export async function say(word) {
  try {
    await ask("/api/lesson", word);
  } catch (error) {
    const place = byId("lesson-trouble");
    if (place) place.textContent = error.message;
  }
}
