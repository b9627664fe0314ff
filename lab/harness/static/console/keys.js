// The keyboard. Letters count only where nobody writes, and never with Ctrl or Alt, which belong to the browser.

import { byId } from "./dom.js";
import { open } from "./controls.js";

export function keys({ timeline, inspector, lesson }) {
  const actions = {
    "j": () => timeline.step(1),
    "k": () => timeline.step(-1),
    "/": () => byId("search").focus(),
    "f": () => byId("kinds").querySelector("input").focus(),
    "t": () => inspector.select("token", true),
    "m": () => (byId("matrix-frame").querySelector("button") ?? byId("matrix")).focus(),
    "n": () => lesson.goOn(),
    "p": () => timeline.pause(),
    "?": () => open("help"),
  };
  document.addEventListener("keydown", (event) => {
    // A key that is held is one press.
    if (event.ctrlKey || event.altKey || event.metaKey || (event.repeat && event.key === "n")) return;
    const writes = event.target.closest("input:not([type=checkbox]), select, textarea");
    if (event.key === "Escape") {
      // An open dialog closes itself.
      if (document.querySelector("dialog[open]")) return;
      if (writes) {
        // Trap: a browser empties a search field that it leaves so, and then tells nobody: the lines stay filtered.
        event.preventDefault();
        writes.blur();
      } else timeline.choose(null);
      return;
    }
    if (writes || document.querySelector("dialog[open]")) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
