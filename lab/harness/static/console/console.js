// The console's page: everything is put together here.

import { Controls, takeToken } from "./controls.js";
import { Filters } from "./filters.js";
import { Inspector } from "./inspector.js";
import { keys } from "./keys.js";
import { Lesson } from "./lesson.js";
import { matrixPanel } from "./matrix.js";
import { Stream } from "./stream.js";
import { Timeline } from "./timeline.js";

takeToken();

const stream = new Stream();
const inspector = new Inspector(stream);
const filters = new Filters(() => timeline.show());
const timeline = new Timeline(stream, filters, (item) => inspector.show(item));
new Controls(stream);
const lesson = new Lesson(stream);
matrixPanel(stream);

stream.on("hello", () => filters.portals(stream.portals));
stream.on("items", (fresh) => {
  filters.meet(fresh, stream.matrix);
  timeline.came(fresh);
});
stream.on("matrix", () => filters.meet([], stream.matrix));
keys({ timeline, inspector, lesson });
stream.open();
