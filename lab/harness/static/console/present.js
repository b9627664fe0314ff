// The presenter's page: the newest arrows, large, and the matrix. A key blanks it, so that people look at each other.

import { loadFaults, tellFaults } from "./controls.js";
import { Diagram } from "./diagram.js";
import { byId, el, hold } from "./dom.js";
import { sentence } from "./filters.js";
import { drawMatrix } from "./matrix.js";
import { Stream } from "./stream.js";

/** Messages that are shown: as many as leave room for the matrix, and no fewer than tell a story. */
const [MOST, LEAST] = [8, 4];

const stream = new Stream();
const size = { row: 54, lane: 170, gutter: 150, letter: 10.6, head: 52 };
const diagram = new Diagram(byId("diagram"), size, () => {});

const show = () => {
  const room = innerHeight - byId("matrix-frame").offsetHeight - 210;
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
const faults = async () => {
  tellFaults(await loadFaults() ?? []);
  byId("faults-badge").hidden = byId("faults-on").hidden;
};
stream.on("matrix", matrix);
stream.on("hello", matrix);
stream.on("hello", faults);
stream.on("note", faults);

const blank = () => {
  byId("blank").hidden = !byId("blank").hidden;
  if (!byId("blank").hidden) byId("unblank").focus();
};
byId("unblank").addEventListener("click", blank);
document.addEventListener("keydown", (event) => {
  if (event.key === "b" && !event.ctrlKey && !event.altKey && !event.metaKey) blank();
});
stream.open();
