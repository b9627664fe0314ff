// The external portal: a pure single-page app. No server of ours knows who is signed in; the tokens are in this tab.
//
// Read next: external/session.js (sign-in and sign-out), external/watch.js (how it hears that a session is over),
// frontchannel-logout.js (the page in the iframe), then the services. What /config.json may choose (where tokens are, how
// the session is watched, which library, whether to ask at page load) is read there.

import { announce, fill as fillAsText, fillAsHtml, showPairs, showView } from "./dom.js";
import { hasFault } from "./faults.js";
import { readable } from "./moments.js";
import { decode, masked, pairs } from "./tokens.js";
import { wirePanels } from "./panels.js";
import {
  beginningOf, createManager, explain, finishSignIn, finishSignOut, forgetBeginning, loadConfig, signIn, signInSilently, signOut, Trouble,
} from "./external/session.js";
import { askService, watch } from "./external/watch.js";
import { banking } from "./external/banking.js";
import { vendors } from "./external/vendors.js";
import { identity } from "./external/identity.js";

const TITLE = document.title;
const fill = hasFault("s16-inner-html") ? fillAsHtml : fillAsText;
const closePanels = wirePanels(document);
const services = [banking, vendors, identity].map((start) => start(document));

let config = null;
let manager = null;
/** The user on the page now, or null. */
let shown = null;
/** The sessions that this page knows to be over: issuer and sid. None of them ever comes back. */
const ended = new Set();
let asking = null;
let doubtful = false;

/** How the session is watched, in words; a monitor that does not work here says so. */
let watched = "";

const sessionOf = (user) => `${user.profile.iss} ${user.profile.sid}`;

/** Asks the sign-in service and shows the answer. Questions that come while one is under way share its answer. */
function check() {
  asking ??= askService(manager).then(show).finally(() => { asking = null; });
  return asking;
}

async function show(answer) {
  const view = document.body.dataset.view;
  switch (answer.state) {
    case "in":
      // The answer may be older than a logout that was told meanwhile.
      if (!ended.has(sessionOf(answer.user))) showSignedIn(answer.user);
      else if (view === "checking") showSignedOut("Your session in this tab has ended.");
      return;
    case "ended": return end(answer.why);
    case "out":
      if (view === "signed-in") showSignedOut("Your session in this tab has ended.");
      else if (view !== "signed-out") showSignedOut("");
      return;
    default:
      if (view === "signed-in") {
        doubtful = true;
        announce(`This page could not ask whether your session still lives. ${answer.why}`, "warn");
      } else if (view === "checking") {
        showTrouble(new Trouble("The sign-in service cannot be reached", answer.why,
          "So this page does not know whether you are still signed in, and shows nothing rather than something old.",
          "Wait a moment, then go back to the portal."));
      }
  }
}

/** The session is over: forget the tokens, then say why. */
async function end(why) {
  if (shown) ended.add(sessionOf(shown));
  await manager.removeUser();
  showSignedOut(why);
}

function showSignedIn(user) {
  if (!shown || sessionOf(shown) !== sessionOf(user)) forget();
  const view = document.body.dataset.view;
  shown = user;
  const { profile } = user;
  const id = decode(user.id_token);
  const access = decode(user.access_token);
  fill(document, {
    organization: profile.organization ?? "not stated by the sign-in service", name: profile.name, email: profile.email,
    username: profile.preferred_username, level: accessLevel(profile.roles ?? []), issuer: profile.iss, sid: profile.sid,
    auth_time: readable(id?.claims.auth_time), expires_at: readable(user.expires_at), id_token: masked(user.id_token),
    access_token: masked(user.access_token), refresh_token: masked(user.refresh_token), watched,
  });
  showSessionTime();
  showPairs(document, "id_header", pairs(id?.header));
  showPairs(document, "id_claims", pairs(id?.claims));
  showPairs(document, "access_claims", pairs(access?.claims));
  showBadge(profile.preferred_username);
  document.title = TITLE;
  if (view !== "signed-in" || doubtful) announce("");
  doubtful = false;
  if (view !== "signed-in") showView("signed-in");
}

/**
 * What a role opens here. Trap: hiding a button by role is courtesy, not protection. This page runs on the visitor's
 * machine and may be changed there; whoever hands out data must check the access token itself.
 */
function accessLevel(roles) {
  const words = roles.length ? ` (${roles.join(", ")})` : "";
  if (roles.includes("admin")) return `Administrator of the house${words}`;
  if (roles.includes("partner")) return `Partner${words}`;
  if (roles.includes("approver")) return `Approver of the house${words}`;
  if (roles.includes("employee")) return `Employee of the house, as a guest${words}`;
  return `Guest without a role${words}`;
}

function showSessionTime() {
  const since = shown && beginningOf(shown, config);
  if (!since) return;
  const minutes = Math.max(0, Math.floor((Date.now() / 1000 - since) / 60));
  fill(document, { session_time: `${minutes} min, since ${readable(since)}` });
}

function showSignedOut(text) {
  const wasIn = document.body.dataset.view === "signed-in";
  forget();
  forgetBeginning(config);
  showView("signed-out", { focus: wasIn });
  announce(text, text ? "warn" : "");
  document.title = `Signed out · ${TITLE}`;
}

function showTrouble(trouble) {
  forget();
  fill(document, { trouble_title: trouble.title, trouble_what: trouble.message, trouble_means: trouble.means, trouble_action: trouble.action });
  showView("trouble", { focus: true });
}

/** Takes everything personal off the page. Hiding is not enough: hidden text is still in the document. */
function forget() {
  shown = null;
  doubtful = false;
  closePanels();
  for (const place of document.querySelectorAll("[data-field]")) place.textContent = "";
  for (const body of document.querySelectorAll("[data-pairs]")) body.replaceChildren();
  for (const reset of services) reset();
  showBadge(null);
}

function showBadge(username) {
  const badge = document.querySelector("[data-badge]");
  badge.textContent = username ?? "";
  badge.hidden = !username;
  document.querySelector("[data-badge-signout]").hidden = !username;
}

const WATCHED = {
  none: "what it is told, and questions when you look at it",
  refresh: "the same, and a renewal of its tokens every ten seconds",
  "check-session": "the same, and the sign-in service's check-session frame every two seconds",
};

/** Runs the action of a button, once at a time; a failure becomes a page that says what to do. */
function onClick(selector, action) {
  for (const button of document.querySelectorAll(selector)) {
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await action();
      } catch (error) {
        showTrouble(explain(error));
      } finally {
        button.disabled = false; // Also when the browser brings this page back after a redirect.
      }
    });
  }
}

async function leave() {
  const mine = shown && sessionOf(shown);
  const left = await signOut(manager, config);
  if (mine) ended.add(mine);
  // If it left, this line runs only after "back" has brought the page back; then the pageshow handler takes over.
  if (!left) showSignedOut("You are signed out in this tab. The sign-in service could not be reached: other portals may still know you.");
}

/** The address decides what this load is for. Afterwards it is "/" again: a code or a state is used once. */
async function arrive() {
  switch (location.pathname) {
    case "/callback": {
      const user = await finishSignIn(manager, config);
      history.replaceState(null, "", "/");
      showSignedIn(user);
      return;
    }
    case "/signed-out": {
      const ours = await finishSignOut(manager);
      history.replaceState(null, "", "/");
      await check();
      if (document.body.dataset.view === "trouble") return;
      if (ours) announce("You are signed out of all systems.");
      else announce("The answer that brought you here did not belong to a sign-out of this tab. What you see is how things stand.", "warn");
      return;
    }
    default:
      await check();
      if (config.silent_sign_in && document.body.dataset.view === "signed-out") await askUnseen();
  }
}

/** Signs in without a word whoever is signed in at the service already. Only after a page load, never after a sign-out. */
async function askUnseen() {
  showView("checking");
  const answer = await signInSilently(manager, config);
  // A front-channel logout may have named the session while the answer was on its way.
  if (answer.state === "in" && !ended.has(sessionOf(answer.user))) return showSignedIn(answer.user);
  if (answer.state === "in") await manager.removeUser();
  return showSignedOut(answer.why ?? "");
}

async function start() {
  if (!globalThis.isSecureContext) {
    throw new Trouble("This address cannot be used", "The browser gives this page no cryptography, which PKCE needs.",
      "Browsers do so for plain http, except on localhost.", "Open the portal by https or on localhost.");
  }
  config = await loadConfig();
  manager = await createManager(config);
  watched = WATCHED[config.monitor];
  watch(manager, config, {
    current: () => shown,
    onNamed: (iss, sid) => ended.add(`${iss} ${sid}`),
    onTold: end,
    // Trap: a renewal that was under way while the session ended stores its tokens last, and the session is back from the
    // dead. So a user whose session is known to be over goes out again.
    onRenewed: (user) => { if (ended.has(sessionOf(user))) manager.removeUser(); else if (shown) showSignedIn(user); },
    onDoubt: () => { if (!["trouble", "checking"].includes(document.body.dataset.view)) check(); },
    onBlind: (why) => {
      watched = `nothing but what it is told and asks: ${why}`;
      if (!shown) return;
      fill(document, { watched });
      announce(`This page has stopped watching your session: ${why}. It may not notice when you sign out elsewhere.`, "warn");
    },
  });
  // Trap: "back" after a sign-out may bring this page out of the browser's memory, with everything still on it.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    forget();
    showView("checking");
    check();
  });
  onClick("[data-sign-in]", () => signIn(manager));
  onClick("[data-sign-out]", leave);
  setInterval(showSessionTime, 30_000);
  await arrive();
}

start().catch((error) => {
  // The address still holds a code or an error that must not be used again by a reload.
  if (location.pathname !== "/") history.replaceState(null, "", "/");
  showTrouble(explain(error));
});
