// Is the session still alive? A page without a server is told by nobody, except by an iframe that may not reach it. So it
// listens, it asks when somebody looks, and it takes a refused renewal for what it is.

import { hasFault } from "../faults.js";

const CHANNEL = "external-portal-logout";
const DEADLINE_MS = 10_000;

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
    const response = await fetch(await manager.metadataService.getUserInfoEndpoint(), {
      headers: { authorization: `Bearer ${user.access_token}` },
      cache: "no-store",
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    if (response.ok) return { state: "in", user };
    if (response.status === 401) return { state: "ended", why: "Your session ended at the sign-in service." };
    return { state: "unknown", why: `The sign-in service answered with status ${response.status}.` };
  } catch (error) {
    if (wasRefused(error)) return { state: "ended", why: "Your session could not be renewed: it has ended at the sign-in service." };
    return { state: "unknown", why: "The sign-in service could not be reached." };
  }
}

let renewing = null;

/**
 * New tokens for the refresh token. Callers at the same time share one request: with "revoke refresh token" switched on in
 * the realm, the second use of the same refresh token would end the session.
 */
function renew(manager) {
  renewing ??= manager.signinSilent().finally(() => { renewing = null; });
  return renewing;
}

/** Whether the token endpoint itself said no (RFC 6749, 5.2: invalid_grant), as against a request that got lost. */
function wasRefused(error) {
  return error?.name === "ErrorResponse" && error.error === "invalid_grant";
}

/**
 * Keeps watch for as long as the page lives. Calls
 *   onTold(why)      this very session was named by a logout message
 *   onRenewed(user)  new tokens came
 *   onDoubt()        something happened after which the page should ask
 */
export function watch(manager, { current, onTold, onRenewed, onDoubt }) {
  if (hasFault("s17-focus-only")) {
    window.addEventListener("focus", onDoubt);
    return;
  }

  // From frontchannel-logout.js, when the sign-in service loads it in this browser. Trap: compare both. Another person
  // may have a session in another tab of this browser, and sid alone is unique only within one issuer.
  const channel = new BroadcastChannel(CHANNEL);
  channel.addEventListener("message", ({ data }) => {
    const mine = current();
    if (mine && data?.iss === mine.iss && data?.sid === mine.sid) onTold("You were signed out at another portal.");
  });

  // A minute before the access token runs out. Its failure is often the first thing this page hears of a logout.
  manager.events.addAccessTokenExpiring(async () => {
    try {
      await renew(manager);
    } catch (error) {
      if (wasRefused(error)) onTold("Your session could not be renewed: it has ended at the sign-in service.");
      else onDoubt();
    }
  });
  manager.events.addAccessTokenExpired(onDoubt);
  manager.events.addUserLoaded(onRenewed);

  // Somebody looks at the page again, or the network is back.
  window.addEventListener("focus", onDoubt);
  window.addEventListener("online", onDoubt);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) onDoubt(); });
}
