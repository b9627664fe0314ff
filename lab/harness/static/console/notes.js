// The trainer's second screen: the notes, the plan, the open question with its answer, and the button that goes on. The projector
// shows none of it.

import { mayAsk, takeToken } from "./controls.js";
import { byId, el } from "./dom.js";
import { controls, say, written } from "./lesson.js";
import { Stream } from "./stream.js";

takeToken();
const stream = new Stream();
let begun = null;
let open = null;

stream.on("lesson", show);
stream.on("hello", show);
setInterval(clock, 1000);
stream.open();

function show() {
  const scene = stream.lesson;
  byId("none").hidden = Boolean(scene);
  byId("page").hidden = !scene;
  if (!scene) {
    open = null;
    return;
  }
  if (open !== scene.id) {
    open = scene.id;
    begun = Date.now();
    byId("title").textContent = scene.title;
    byId("notes").replaceChildren(...(scene.notes.length > 0 ? scene.notes.flatMap(written) : [el("p", { class: "empty" }, "This lesson has no notes for trainers.")]));
  }
  clock();
  const steps = scene.pieces.filter(({ piece }) => piece === "step");
  const done = steps.filter((step) => step.done).length;
  byId("plan").replaceChildren(...scene.plan.map((sentence, at) => el("li", {
    class: at < done ? "over" : at === done ? "now" : null, "aria-current": at === done ? "step" : null,
  }, sentence, at < done ? " (done)" : "")));
  const question = scene.pieces.findLast(({ piece }) => piece === "question");
  byId("question").replaceChildren(...(question ? asked(question, scene) : []));
  const focused = byId("foot").contains(document.activeElement);
  byId("foot").replaceChildren(...controls(scene));
  if (focused) byId("foot").querySelector("button:not([disabled])")?.focus();
}

/** The question; while it waits, the answer that the room has given can be taken here. */
function asked({ asks, choices, right, misconceptions, chose, reveal }, scene) {
  const letter = (at) => "abcdefghijklmnopqrstuvwxyz"[at];
  return [
    el("h2", {}, reveal.length > 0 ? "The last question (revealed)" : "The question"),
    el("p", { class: "asks" }, asks),
    el("ul", {}, ...choices.map((says, at) => el("li", { class: at === right ? "right" : null },
      `${letter(at)}) ${says}`, at === right ? " (right)" : "", at === chose ? " (chosen)" : "",
      scene.waits_for === "answer" && mayAsk() ? el("button", { type: "button", class: "button quiet small", onclick: () => say({ do: "answer", choice: at, turn: scene.turn }) }, `The room says ${letter(at)}`) : null,
      misconceptions[at] ? el("span", { class: "claim-note" }, `believes: ${misconceptions[at]}`) : null))),
  ];
}

/** How long the lesson has been open, against how long it should take. */
function clock() {
  const scene = stream.lesson;
  if (!scene || begun === null) return;
  const seconds = Math.floor((Date.now() - begun) / 1000);
  byId("time").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} of ${scene.minutes} min`;
}
