// Which lines are shown.

import { byId, el } from "./dom.js";
import { STROKES } from "./diagram.js";

const KINDS = [...Object.keys(STROKES), "notes"];

export class Filters {
  constructor(changed) {
    this.changed = changed;
    this.off = new Set();
    this.people = new Set();
    for (const kind of KINDS) {
      const word = STROKES[kind]?.filter ?? "notes";
      const box = el("input", { type: "checkbox", checked: true, value: kind, onchange: () => {
        if (box.checked) this.off.delete(kind); else this.off.add(kind);
        changed();
      } });
      byId("kinds").append(el("label", { class: `chip stroke-${kind}` }, box, " ", word));
    }
    for (const id of ["by-portal", "by-person"]) byId(id).addEventListener("change", changed);
    byId("search").addEventListener("input", changed);
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
  }

  /** The portals of this lab. */
  portals(names) {
    const select = byId("by-portal");
    select.replaceChildren(el("option", { value: "" }, "all"), ...[...names, "keycloak"].map((name) => el("option", {}, name)));
  }

  /** Everybody who has appeared. */
  meet(items, matrix) {
    const before = this.people.size;
    for (const item of items) {
      if (item.user) this.people.add(item.user);
      if (item.from_kind === "browser" && item.arrow.from !== "browser") this.people.add(item.arrow.from);
    }
    for (const row of matrix.rows) if (row.user) this.people.add(row.user);
    if (this.people.size === before) return;
    const select = byId("by-person");
    const chosen = select.value;
    select.replaceChildren(el("option", { value: "" }, "all"), ...[...this.people].sort().map((name) => el("option", {}, name)));
    select.value = chosen;
  }

  of(items) {
    const [portal, person] = [byId("by-portal").value, byId("by-person").value];
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    return items.filter((item) => {
      const kind = item.is === "exchange" ? item.arrow.stroke : "notes";
      if (this.off.has(kind)) return false;
      if (portal && !parties(item).includes(portal)) return false;
      if (person && item.user !== person && !parties(item).includes(person)) return false;
      return words.every((word) => textOf(item).includes(word));
    });
  }

  get narrow() {
    return this.off.size > 0 || ["by-portal", "by-person", "search"].some((id) => byId(id).value !== "");
  }
}

function parties(item) {
  if (item.is === "exchange") return [item.arrow.from, item.arrow.to];
  return item.is === "journal" ? [item.portal] : [];
}

function textOf(item) {
  item.haystack ??= [sentence(item), item.terms ?? "", item.channel ?? "", item.user ?? ""].join(" ").toLowerCase();
  return item.haystack;
}

/** A line as one sentence. */
export function sentence(item) {
  if (item.is === "exchange") return item.arrow.sentence;
  return item.is === "journal" ? `${item.portal} notes: ${item.text}` : `lab: ${item.text}`;
}
