// The internal portal: a single-page app with a back end of its own (a "BFF").
//
// The tokens stay on the server; this page has a cookie it cannot even read. What it knows, it asked /api/me for. So its
// whole job is: ask, show the answer, and ask again whenever the answer may have changed.
// Read next: internal/who.js (the question), internal/live.js (the push), then the services.

import { announce, element, fill, showPairs, showView } from "./dom.js";
import { readable } from "./moments.js";
import { pairs } from "./tokens.js";
import { wirePanels } from "./panels.js";
import { whoAmI } from "./internal/who.js";
import { listen } from "./internal/live.js";
import { leaveManagement } from "./internal/leave.js";
import { directory } from "./internal/directory.js";
import { performanceDashboard } from "./internal/performance.js";
import { tickets } from "./internal/tickets.js";

const TITLE = document.title;
const closePanels = wirePanels(document);
const services = [leaveManagement, directory, performanceDashboard, tickets].map((start) => start(document));

/** The session that is on the page now (issuer and sid), or null. Only used to notice that it became another one. */
let shown = null;
let hangUp = null;
let asking = null;
/** Counts what happened to this page without being asked for: a logout that was pushed, a page brought back. */
let happened = 0;
/** Whether the notice says that the portal could not be reached. */
let doubtful = false;

/** Asks who is signed in and shows the answer. Questions that come while one is under way share its answer. */
function check(why = "") {
  const before = happened;
  // Trap: an answer that was under way while the logout was pushed says "signed in" and arrives last. It is old: drop it.
  asking ??= whoAmI()
    .then((answer) => { if (before === happened) show(answer, why); })
    .finally(() => { asking = null; });
  return asking;
}

function show(answer, why) {
  const before = document.body.dataset.view;
  switch (answer.state) {
    case "in": return showSignedIn(answer.me, before);
    case "out":
      if (before === "signed-in") return showSignedOut("Your session at this portal has ended.");
      // Already on the card: what it says (and why) stays.
      return before === "signed-out" ? undefined : showSignedOut(why, "");
    case "forbidden":
      forget();
      fill(document, { username: answer.username, needed: answer.needed });
      return showView("forbidden", { focus: before === "signed-in" });
    default:
      // Somebody who is reading a page keeps it and is told; somebody who waits for the first answer gets the reason.
      if (before === "signed-in") {
        doubtful = true;
        return announce(`This page could not ask whether you are still signed in. ${answer.why}`, "warn");
      }
      if (before !== "checking") return undefined;
      fill(document, { trouble: answer.why });
      return showView("trouble", { focus: true });
  }
}

function showSignedIn(me, before) {
  const session = `${me.issuer} ${me.sid}`;
  if (shown !== session) {
    // Another session, perhaps another person at the same desk: what the last one typed is none of their business.
    forget();
    shown = session;
    hangUp = listen({
      onSignedOut: ({ text }) => { happened += 1; showSignedOut(text); },
      onDoubt: () => check(),
      onState: (text) => fill(document, { live: text }),
    });
  }
  fill(document, {
    username: me.username, email: me.email, name: me.name, roles: me.roles.join(", ") || "none",
    signed_in_at: readable(me.signed_in_at), expires_at: readable(me.expires_at), issuer: me.issuer, sid: me.sid,
    id_token: me.id_token.masked, access_token: me.access_token.masked,
  });
  showPairs(document, "id_header", asPairs(me.id_token.header));
  showPairs(document, "id_claims", asPairs(me.id_token.claims));
  showPairs(document, "access_claims", asPairs(me.access_token.claims));
  showHeard(me.heard);
  showBadge(me.username);
  document.title = TITLE;
  // A word about the past ("you were signed out") and a warning that the portal was out of reach are both over now.
  if (before !== "signed-in" || doubtful) announce("");
  doubtful = false;
  if (before !== "signed-in") showView("signed-in");
}

function showSignedOut(text, kind = "warn") {
  const wasIn = document.body.dataset.view === "signed-in";
  forget();
  showView("signed-out", { focus: wasIn });
  announce(text, text ? kind : "");
  // The title is all that can be seen of a tab in the background.
  document.title = `Signed out · ${TITLE}`;
}

/** Takes everything personal off the page. Hiding is not enough: hidden text is still in the document. */
function forget() {
  hangUp?.();
  hangUp = null;
  shown = null;
  doubtful = false;
  closePanels();
  for (const place of document.querySelectorAll("[data-field]")) place.textContent = "";
  for (const body of document.querySelectorAll("[data-pairs], [data-heard]")) body.replaceChildren();
  for (const reset of services) reset();
  showBadge(null);
}

function showBadge(username) {
  const badge = document.querySelector("[data-badge]");
  badge.textContent = username ?? "";
  badge.hidden = !username;
  document.querySelector("[data-badge-signout]").hidden = !username;
}

function showHeard(heard) {
  const list = document.querySelector("[data-heard]");
  const entries = heard?.length ? heard : [{ at: null, text: "Nothing since it started." }];
  list.replaceChildren(...entries.map(({ at, text }) => {
    const entry = element("li");
    if (at) entry.append(element("span", readable(at), { class: "at" }));
    entry.append(text);
    return entry;
  }));
}

/** The back end sends claims as a list of pairs, to keep their order. */
function asPairs(claims) {
  return Array.isArray(claims) ? claims.map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]) : pairs(claims);
}

/** What the address says after a sign-out: /?signed-out=1, or =foreign when the state that came back was not ours. */
function wordFromAddress() {
  const word = new URLSearchParams(location.search).get("signed-out");
  // The word belongs to this one arrival: left in the address, a reload or a bookmark would say it again.
  if (word !== null) history.replaceState(null, "", "/");
  if (word === "1") return "You are signed out of all systems.";
  if (word === "foreign") return "The answer that brought you here did not belong to a sign-out of this browser. What you see is how things stand.";
  return "";
}

// Moments at which the answer may have changed without this page being told.
window.addEventListener("focus", () => check());
document.addEventListener("visibilitychange", () => { if (!document.hidden) check(); });
window.addEventListener("pageshow", (event) => {
  // Trap: after "sign out" and then "back", a browser may show the old page out of its memory (the back-forward cache),
  // without any request and in spite of `Cache-Control: no-store`. So hide what it shows, and ask again.
  if (!event.persisted) return;
  happened += 1;
  forget();
  showView("checking");
  (asking ?? Promise.resolve()).then(() => check());
});
// A page with an open line cannot be kept in that cache, and a closed tab should not hold a connection.
window.addEventListener("pagehide", () => { hangUp?.(); hangUp = null; shown = null; });
document.querySelector("[data-retry]").addEventListener("click", () => { showView("checking"); check(); });

const arrived = wordFromAddress();
check(arrived).then(() => {
  if (arrived && document.body.dataset.view === "signed-in") announce(`${arrived} You are signed in.`, "warn");
});
