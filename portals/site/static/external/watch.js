// Is the session still alive? A page without a server is told by nobody, except by an iframe that may not reach it. So it
// listens, it asks when somebody looks, and it takes a refused renewal for what it is.

import { hasFault } from "../faults.js";
import { watchSession } from "./check-session.js";
import { saysNobody, userKey } from "./session.js";

const CHANNEL = "external-portal-logout";
const DEADLINE_MS = 10_000;
const RENEWAL = "external-portal-renewal";

/**
 * Milliseconds between two renewals with `monitor: refresh`, far below the five minutes that an access token lives here.
 * Trap: each of them counts as activity at the sign-in service: with such a monitor no session ever becomes idle while a
 * tab is open, and the service is asked by every tab of everybody. In production: minutes, or another way to hear.
 */
const REFRESH_EVERY_MS = 10_000;
const REFUSED = "Your session could not be renewed: it has ended at the sign-in service.";

/**
 * Asks the sign-in service about the user in this tab's store. Returns one of
 *   { state: "in", user }      the service still accepts the access token
 *   { state: "out" }           nobody is signed in in this tab
 *   { state: "ended", why }    there was a session; the service says it is over
 *   { state: "unknown", why }  no answer. Trap: that is neither yes nor no, and ending the session for it would sign out
 *                              everybody whose train enters a tunnel.
 */
export async function askService(manager) {
  let user = await manager.getUser();
  if (!user) return { state: "out" };
  try {
    // Trap: after a night in the bag the access token has expired, and a 401 would mean only that. Renew first.
    if (user.expired) user = await renew(manager);
    if (!user) return { state: "out" };
    const response = await fetch(await manager.metadataService.getUserInfoEndpoint(), {
      headers: { authorization: `Bearer ${user.access_token}` },
      cache: "no-store",
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    if (response.ok) return { state: "in", user };
    if (response.status === 401) return { state: "ended", why: "Your session ended at the sign-in service." };
    return { state: "unknown", why: `The sign-in service answered with status ${response.status}.` };
  } catch (error) {
    if (wasRefused(error)) return { state: "ended", why: REFUSED };
    return { state: "unknown", why: "The sign-in service could not be reached." };
  }
}

let renewing = null;

/**
 * New tokens for the refresh token; null when nobody is signed in any more. Callers at the same time share one request:
 * with "revoke refresh token" switched on in the realm, the second use of the same refresh token would end the session.
 */
function renew(manager) {
  renewing ??= renewAlone(manager).finally(() => { renewing = null; });
  return renewing;
}

/** Tabs that share a store take turns, too. */
async function renewAlone(manager) {
  const before = await manager.getUser();
  return navigator.locks.request(RENEWAL, async () => {
    const now = await manager.getUser();
    // Trap: without a refresh token to use, signinSilent asks in a frame whether somebody is signed in, and begins a new
    // session for whoever that is. The session that was to be renewed has ended; so nothing is renewed.
    if (!now?.refresh_token) return now;
    // Another tab has renewed it meanwhile.
    if (before && now.refresh_token !== before.refresh_token) return now;
    return manager.signinSilent();
  });
}

/** Whether the token endpoint itself said no (RFC 6749, 5.2: invalid_grant), as against a request that got lost. */
function wasRefused(error) {
  return error?.name === "ErrorResponse" && error.error === "invalid_grant";
}

/**
 * Keeps watch for as long as the page lives. Calls
 *   onNamed(iss, sid)  a logout message names this session, whether or not it is the one on the page
 *   onTold(why)        the session on the page is over
 *   onRenewed(user)    new tokens came
 *   onDoubt()          something happened after which the page should ask
 *   onBlind(why)       the monitor that was chosen does not work here
 */
export function watch(manager, config, { current, onNamed, onTold, onRenewed, onDoubt, onBlind }) {
  if (hasFault("s17-focus-only")) {
    window.addEventListener("focus", onDoubt);
    return;
  }

  // From frontchannel-logout.js, when the sign-in service loads it in this browser. Trap: compare both. Another person
  // may have a session in another tab of this browser, and sid alone is unique only within one issuer.
  const channel = new BroadcastChannel(CHANNEL);
  channel.addEventListener("message", ({ data }) => {
    onNamed(data?.iss, data?.sid);
    const mine = current()?.profile;
    if (mine && data?.iss === mine.iss && data?.sid === mine.sid) onTold("You were signed out at another portal.");
  });

  // A minute before the access token runs out. Its failure is often the first thing this page hears of a logout.
  const renewNow = async () => {
    const before = current();
    try {
      await renew(manager);
    } catch (error) {
      // Somebody else may be signed in by now.
      if (current()?.profile.sid !== before?.profile.sid) return;
      if (wasRefused(error)) onTold(REFUSED);
      else onDoubt();
    }
  };
  manager.events.addAccessTokenExpiring(renewNow);
  manager.events.addAccessTokenExpired(onDoubt);
  manager.events.addUserLoaded(onRenewed);

  if (config.tokens === "local-storage") keepInStep(manager, config, { current, onTold, onDoubt });
  if (config.monitor === "refresh") setInterval(() => { if (current()) renewNow(); }, REFRESH_EVERY_MS);
  if (config.monitor === "check-session") watchBrowser(manager, config, { current, onTold, onDoubt, onBlind });

  // Somebody looks at the page again, or the network is back.
  window.addEventListener("focus", onDoubt);
  window.addEventListener("online", onDoubt);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) onDoubt(); });
}

/**
 * Tabs that share localStorage: whatever one of them does to the tokens, the browser tells the others by a `storage` event
 * (never the one that did it).
 */
function keepInStep(manager, config, { current, onTold, onDoubt }) {
  window.addEventListener("storage", ({ key, newValue, storageArea }) => {
    // A key of null: everything was cleared.
    if (storageArea !== localStorage || (key !== null && key !== userKey(config))) return;
    if (newValue !== null) {
      // Another tab has signed in, or has renewed. Trap: what it has stored may be the late answer to a renewal of a session
      // that has ended since. So it is not shown before the service has been asked.
      onDoubt();
    } else if (current()) {
      onTold("Your session was ended in another tab of this browser, or at another portal.");
    }
  });
}

/** Asks the sign-in service's frame, and where that speaks of a change, the service itself (Session Management 1.0, 3.1). */
async function watchBrowser(manager, config, { current, onTold, onDoubt, onBlind }) {
  try {
    await watchSession(config, await manager.metadataService.getMetadata(), {
      current: () => current()?.session_state ?? null,
      onChanged: async () => {
        const before = current();
        try {
          const now = await manager.querySessionStatus();
          if (current()?.session_state !== before?.session_state) return true;
          if (now?.sub !== before.profile.sub) onTold("Somebody else has signed in in this browser.");
          // The same person with another session: whether the one of this page still lives, the service knows.
          else if (now.session_state !== before.session_state) onDoubt();
          return true;
        } catch (error) {
          if (current()?.session_state !== before?.session_state) return true;
          if (saysNobody(error)) {
            onTold("You were signed out: this browser has no session at the sign-in service any more.");
            return true;
          }
          onDoubt();
          return false;
        }
      },
      onBlind,
    });
  } catch {
    onBlind("the sign-in service could not be asked for its check-session frame");
  }
}
