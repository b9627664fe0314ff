// Runs inside the sign-in service's hidden iframe: /logout?iss=…&sid=… (Front-Channel Logout 1.0, section 2).
//
// The service waits for the page to load, no longer, and never learns what became of it. So everything here happens at
// once, without asking any server.

const CHANNEL = "external-portal-logout";

const query = new URLSearchParams(location.search);
const iss = query.get("iss");
const sid = query.get("sid");
const notice = document.getElementById("notice");

/**
 * Whether the request names one session of our issuer. The client is registered with "session required", so both must be
 * there. Trap: without this check any page could embed ours and sign people out. Somebody who knows neither sid nor
 * issuer now cannot, and the receiving tab compares again with its own session.
 */
function refusal() {
  if (query.getAll("iss").length > 1 || query.getAll("sid").length > 1) return "The address names the issuer or the session twice.";
  if (!iss || !sid) return "The address names no session (iss and sid): nothing was changed.";
  if (iss !== document.body.dataset.issuer) return "The address names an issuer that this portal does not trust: nothing was changed.";
  return null;
}

/**
 * Removes what oidc-client-ts keeps of this session: entries "oidc.user:<issuer>:<client>". Returns how many. (With
 * keycloak-js, or with tokens in memory, there is nothing to be found: only the message below reaches such a tab.)
 * Only where iss and sid agree: the same browser may hold a newer session by now, and that one was not ended.
 *
 * Trap: sessionStorage belongs to one tab. Measured in Chromium: even on the same site the iframe sees nothing of what an
 * open tab of this portal stores, and on another site not even its localStorage. Clearing alone never was a logout.
 */
function clearStored(open) {
  let store;
  try {
    store = open();
  } catch {
    return 0; // A browser that blocks third-party data throws at the mere touch.
  }
  const ended = Object.keys(store).filter((key) => {
    if (!key.startsWith(`oidc.user:${iss}:`)) return false;
    try {
      const { profile } = JSON.parse(store.getItem(key));
      return profile.iss === iss && profile.sid === sid;
    } catch {
      return false;
    }
  });
  for (const key of ended) store.removeItem(key);
  return ended.length;
}

/**
 * Tells the open tabs. They hold the tokens, so only they can drop them.
 * Trap: measured in Chromium, a BroadcastChannel inside an iframe on another site reaches nobody, with third-party
 * cookies allowed or not. There the tab finds out later: when it gets the focus, or when its refresh token is refused.
 */
function tellTabs() {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage({ iss, sid });
  channel.close();
}

const refused = refusal();
if (refused) {
  notice.className = "notice notice-warn";
  notice.textContent = refused;
} else if (document.body.dataset.faults.includes("p14-frame-page-leaves")) {
  sessionStorage.clear(); // The iframe's own, which is not the open tab's.
  location.replace("/");
} else if (document.body.dataset.faults.includes("fc7-late-clean-up")) {
  // What "after the next tick", an animation or a question to a server amounts to: the load event does not wait for it.
  setTimeout(cleanUp, 2000);
} else {
  cleanUp();
}

function cleanUp() {
  const cleared = clearStored(() => sessionStorage) + clearStored(() => localStorage);
  tellTabs();
  notice.textContent = `Stored sessions removed here: ${cleared}. The open tabs of this portal were told.`;
}
