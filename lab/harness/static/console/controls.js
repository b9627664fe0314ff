// What changes the lab: faults and the reset. It takes the run's token; without one this page may only look.

import { byId, el } from "./dom.js";

const KEY = "sso-lab-token";

/**
 * `lab open console` brings the token behind the `#` of the address, which no browser sends anywhere. It is taken out of the
 * address at once, so that it stands in no history and on no projector, and lasts as long as this tab.
 */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return;
  sessionStorage.setItem(KEY, given);
  history.replaceState(null, "", location.pathname + location.search);
}

/** Whether this page may change anything. */
export const mayAsk = () => Boolean(token());

const token = () => sessionStorage.getItem(KEY);

/** Asks the control interface to do something. */
export async function ask(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "authorization": `Bearer ${token()}`, "content-type": "application/json" },
    body: JSON.stringify(body ?? null),
  });
  if (answer.ok) return;
  if (answer.status === 401) {
    sessionStorage.removeItem(KEY);
    mayChange();
    throw new Error("the token is of another run: open the console with `cargo xtask lab open console`");
  }
  const text = await answer.text();
  let said = text.trim();
  try {
    const { what, action } = JSON.parse(text);
    said = `${what}; ${action}`;
  } catch {
    // Words, and no trouble of the lab's own form.
  }
  throw new Error(said);
}

export class Controls {
  constructor(stream) {
    this.stream = stream;
    this.faults = [];
    for (const name of ["faults", "reset", "help", "lessons"]) {
      if (name !== "lessons") byId(`open-${name}`).addEventListener("click", () => open(name));
      for (const close of byId(name).querySelectorAll("[data-close]")) close.addEventListener("click", () => byId(name).close());
    }
    byId("find-fault").addEventListener("input", () => this.list());
    byId("do-reset").addEventListener("click", () => this.reset());
    // Faults change with a note of the lab, whoever changed them.
    for (const name of ["hello", "note"]) stream.on(name, () => this.load());
    // Another tab does not see this one's storage, so the lab's other views get the token the way this one did. Only for the moment
    // of the click: a link on a projector shows where it leads to.
    for (const view of document.querySelectorAll("[data-view]")) {
      view.addEventListener("click", () => {
        if (!token()) return;
        view.href = `${view.dataset.view}#token=${token()}`;
        setTimeout(() => { view.href = view.dataset.view; });
      });
    }
    mayChange();
  }

  async load() {
    this.faults = await loadFaults() ?? this.faults;
    tellFaults(this.faults);
    const on = this.faults.filter(({ on }) => on);
    const banner = byId("banner");
    banner.hidden = on.length === 0;
    banner.replaceChildren(el("strong", {}, `Wrong on purpose: ${on.length === 1 ? "1 fault is" : `${on.length} faults are`} on. `),
      on.map(({ name, wrong }) => `${name}: ${wrong}`).join(" · "));
    this.list();
  }

  list() {
    const words = byId("find-fault").value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = ({ name, of, wrong, scenario }) => words.every((word) => `${name} ${of} ${wrong} ${scenario}`.toLowerCase().includes(word));
    const focused = byId("fault-list").contains(document.activeElement) ? document.activeElement.dataset.fault : null;
    const found = this.faults.filter(fits).sort((one, other) => Number(other.on) - Number(one.on));
    byId("fault-list").replaceChildren(...found.map((fault) => this.fault(fault)));
    if (focused) byId("fault-list").querySelector(`[data-fault="${CSS.escape(focused)}"]`)?.focus();
  }

  fault({ name, of, wrong, right, scenario, on }) {
    return el("li", { class: on ? "on" : null },
      el("div", { class: "fault-head" },
        el("strong", { class: "code" }, name), el("span", { class: "soft" }, `in the ${of}`),
        el("button", {
          type: "button", role: "switch", "aria-checked": String(on), class: on ? "button small" : "button quiet small", disabled: !token(),
          "data-fault": name, "aria-label": `Fault ${name}`, onclick: () => this.change(name, on),
        }, on ? "is on" : "is off")),
      el("p", {}, el("strong", {}, "Wrong: "), wrong),
      el("p", {}, el("strong", {}, "Right: "), right),
      el("p", { class: "soft" }, `Lesson: ${scenario}`));
  }

  async change(name, on) {
    const said = byId("fault-said");
    said.textContent = "";
    if (this.lessonIsOpen(said)) return;
    try {
      await ask("/api/faults", on ? { on: [], off: [name] } : { on: [name], off: [] });
      said.textContent = `${name} is ${on ? "off" : "on"}`;
    } catch (error) {
      said.textContent = error.message;
    }
    await this.load();
  }

  /** A change now would make the lesson say something untrue. */
  lessonIsOpen(said) {
    if (!this.stream.lesson) return false;
    said.textContent = "A lesson is open: close it first. That resets the lab, too.";
    return true;
  }

  async reset() {
    const said = byId("reset-said");
    if (this.lessonIsOpen(said)) return;
    byId("do-reset").disabled = true;
    said.textContent = "resetting…";
    try {
      await ask("/api/reset");
      said.textContent = "";
      byId("reset").close();
    } catch (error) {
      said.textContent = error.message;
    }
    mayChange();
  }
}

/** The faults that this lab knows; nothing when it does not answer. */
export async function loadFaults() {
  try {
    const answer = await fetch("/console/faults");
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** How many are on, beside the button. */
export function tellFaults(faults) {
  const on = faults.filter((fault) => fault.on).length;
  const count = byId("faults-on");
  count.hidden = on === 0;
  count.textContent = `${on} on`;
}

export function open(name) {
  const dialog = byId(name);
  if (!dialog.open) dialog.showModal();
}

function mayChange() {
  for (const hint of document.querySelectorAll(".needs-token")) hint.hidden = Boolean(token());
  const reset = byId("do-reset");
  if (reset) reset.disabled = !token();
}
