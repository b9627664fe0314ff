// The presenter's page: the newest arrows, large, and the matrix. A key blanks it, so that people look at each other.

import { loadFaults, mayAsk, takeToken, tellFaults } from "./controls.js";
import { Diagram } from "./diagram.js";
import { byId, el, hold } from "./dom.js";
import { sentence } from "./filters.js";
import { controls, reveal } from "./lesson.js";
import { drawMatrix } from "./matrix.js";
import { Stream } from "./stream.js";

takeToken();

/** Messages that are shown: as many as leave room for the matrix, and no fewer than tell a story. */
const [MOST, LEAST] = [8, 4];

const stream = new Stream();
const size = { row: 54, lane: 170, gutter: 150, letter: 10.6, head: 52 };
const diagram = new Diagram(byId("diagram"), size, () => {});

const show = () => {
  const room = innerHeight - byId("matrix-frame").offsetHeight - byId("lesson").offsetHeight - 210;
  const newest = stream.items.slice(-Math.max(LEAST, Math.min(MOST, Math.floor(room / size.row))));
  byId("empty").hidden = newest.length > 0;
  byId("diagram").hidden = newest.length === 0;
  diagram.draw(newest, stream.portals, null);
  hold(byId("text"), newest.map((item) => el("li", {}, `${item.number} ${sentence(item)}`)));
};
const matrix = () => {
  drawMatrix(byId("matrix-frame"), { ...stream.matrix, rows: stream.matrix.rows.slice(-4) }, stream.portals, null);
  show();
};
stream.on("items", show);
stream.on("run", () => diagram.forget());
const faults = async () => {
  tellFaults(await loadFaults() ?? []);
  byId("faults-badge").hidden = byId("faults-on").hidden;
};
stream.on("matrix", matrix);
stream.on("hello", matrix);
stream.on("hello", faults);
stream.on("note", faults);

/** What the room needs of an open lesson: the question, its answer when the curtain opens, or the step. */
function lesson() {
  const scene = stream.lesson;
  const panel = byId("lesson");
  panel.hidden = !scene;
  if (!scene) {
    show();
    return;
  }
  const last = scene.pieces.at(-1);
  const question = scene.pieces.findLast(({ piece }) => piece === "question");
  // Open until its steps are done, and revealed until something new is asked or done.
  const after = question ? scene.pieces.slice(scene.pieces.indexOf(question) + 1) : [];
  const doing = last?.piece === "step" && !last.done;
  const shown = question && (question.reveal.length === 0 || (!doing && after.slice(0, -1).every(({ piece }) => piece === "step")));
  const told = last?.piece === "step" ? `Step ${last.number} of ${scene.plan.length}: ${last.sentence}` : "";
  const focused = panel.contains(document.activeElement);
  panel.replaceChildren(el("h2", {}, scene.title),
    ...(told ? [el("p", {}, told)] : []),
    ...(shown ? asked(question) : []),
    ...(mayAsk() ? [el("div", { class: "lesson-foot" }, ...controls(scene))] : []));
  if (focused) panel.querySelector(".lesson-foot button:not([disabled])")?.focus();
  show();
}

/** The question without a button: the room answers by hand. */
function asked(piece) {
  return [
    el("p", { class: "asks" }, piece.asks),
    el("ul", { class: "choices" }, ...piece.choices.map((says, at) => el("li", {}, el("strong", {}, `${"abcdefghijklmnopqrstuvwxyz"[at]}) `), says))),
    ...reveal(piece),
  ];
}
stream.on("lesson", lesson);
stream.on("hello", lesson);

const blank = () => {
  byId("blank").hidden = !byId("blank").hidden;
  if (!byId("blank").hidden) byId("unblank").focus();
};
byId("unblank").addEventListener("click", blank);
document.addEventListener("keydown", (event) => {
  if (event.key === "b" && !event.ctrlKey && !event.altKey && !event.metaKey) blank();
});
stream.open();
