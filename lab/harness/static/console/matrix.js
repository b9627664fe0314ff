// The session matrix: who is signed in where, as the lab has just asked.

import { byId, el } from "./dom.js";

const MEANS = { in: "signed in", out: "not signed in", zombie: "Keycloak's session is gone, and the portal still serves", unknown: "nobody can say" };
/** Ended sessions that stay in sight: what has just happened is what people look at. */
const RECENT = 4;

/** Draws the matrix into `frame`. `tell` is called with the evidence of a cell that somebody chooses. */
export function drawMatrix(frame, matrix, portals, tell) {
  const drawn = JSON.stringify([matrix.rows, portals]);
  if (frame.dataset.drawn === drawn) return;
  frame.dataset.drawn = drawn;
  const focused = frame.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const rows = [...matrix.rows].reverse();
  if (rows.length === 0) {
    frame.replaceChildren(el("p", { class: "empty" }, "Nobody has signed in yet."));
    return;
  }
  const old = (row, index) => row.ended && !zombie(row) && index >= RECENT;
  const [shown, folded] = [rows.filter((row, index) => !old(row, index)), rows.filter(old)];
  const parts = [table(shown, portals, tell, "Sessions, newest first")];
  if (folded.length > 0) {
    const wasOpen = frame.querySelector("details")?.open;
    parts.push(el("details", { open: wasOpen }, el("summary", {}, `${folded.length} older sessions that have ended`), table(folded, portals, tell, "Ended sessions")));
  }
  frame.replaceChildren(...parts);
  if (focused) frame.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function table(rows, portals, tell, caption) {
  const columns = ["sso", ...portals];
  const head = el("tr", {}, el("th", { scope: "col" }, "user"),
    ...columns.map((name) => el("th", { scope: "col" }, name === "sso" ? "SSO" : name)));
  const body = rows.map((row) => el("tr", { class: row.ended ? "ended" : null },
    el("th", { scope: "row" }, ...breakable(row.user || "somebody"),
      el("span", { class: "soft sub" }, `${row.browser ? `${row.browser}'s browser` : "browser"}${row.sid ? ` · sid ${row.sid.slice(0, 6)}…` : ""}`)),
    ...columns.map((name) => el("td", {}, cell(row, name, tell)))));
  return el("table", { class: "matrix" }, el("caption", { class: "visually-hidden" }, caption), el("thead", {}, head), el("tbody", {}, ...body));
}

/** A long name may break behind its dots, and nowhere else. */
function breakable(name) {
  return name.split(/(?<=\.)/).flatMap((part, index) => (index === 0 ? [part] : [el("wbr"), part]));
}

function cell(row, name, tell) {
  const found = row.cells.find(({ of }) => of === name) ?? { state: "unknown", evidence: "not asked" };
  const word = found.state === "zombie" ? "ZOMBIE" : found.state;
  const place = name === "sso" ? "Keycloak" : name;
  const text = `${row.user || "somebody"} at ${place}: ${word} (${MEANS[found.state]}): ${found.evidence}`;
  const attributes = { class: `cell cell-${found.state}`, title: text, "data-state": found.state, "data-of": name, "data-key": `${row.sid} ${name}` };
  if (!tell) return el("span", attributes, word);
  return el("button", { ...attributes, type: "button", onclick: () => tell(text), onfocus: () => tell(text) }, word);
}

const zombie = (row) => row.cells.some(({ state }) => state === "zombie");

/** Keeps the page's matrix up to date. */
export function matrixPanel(stream) {
  const tell = (text) => { byId("evidence").textContent = text; };
  const draw = () => {
    drawMatrix(byId("matrix-frame"), stream.matrix, stream.portals, tell);
    byId("looked").textContent = stream.matrix.at_us > 0 ? `asked at ${stream.wall(stream.matrix.at_us)}` : "";
  };
  stream.on("matrix", draw);
  stream.on("hello", draw);
}
