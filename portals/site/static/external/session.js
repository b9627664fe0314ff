// Sign-in, sign-out and the tokens of the external portal, with oidc-client-ts (a global named `oidc`) or, where a lesson
// chooses it, with keycloak-js in oidc-client-ts's clothes (keycloak-js.js beside this file).
//
// The library does PKCE, state and the token request. What it leaves to its user is done here, visibly: the nonce, the
// issuer of the answer, and the claims of the ID token.

import { decode } from "../tokens.js";
import { frameAnswer } from "./check-session.js";

/** Seconds by which clocks may differ. */
const LEEWAY = 30;
const BEGAN = "external-portal.began";

/** A refusal that a page can show: what happened, what it means, what to do. */
export class Trouble extends Error {
  constructor(title, what, means, action) {
    super(what);
    Object.assign(this, { title, means, action });
  }
}

/** What this portal is set up with: no secret, so anybody may read it. */
export async function loadConfig() {
  let found = "no answer";
  try {
    const response = await fetch("/config.json", { cache: "no-store", signal: AbortSignal.timeout(10_000) });
    if (response.ok) return await response.json();
    found = `status ${response.status}`;
  } catch {
    // No answer, or no JSON: said below.
  }
  throw new Trouble("The portal does not answer", `/config.json could not be read: ${found}.`,
    "This page does not know its sign-in service, so it cannot tell whether you are signed in.", "Wait a moment, then load the page again.");
}

/**
 * Where the tokens are (`config.tokens`). Trap: there is no safe place. A script that got into this page reads all three;
 * what differs is what else may happen:
 *   session-storage  survives a reload, ends with the tab, and no other tab sees it
 *   local-storage    all tabs share one session, and it lies on the disk when the browser is closed
 *   memory           nothing lies anywhere, and a reload forgets the session: then only a silent sign-in brings it back
 */
function storeOf(config) {
  return config.tokens === "local-storage" ? localStorage : sessionStorage;
}

/** The key under which oidc-client-ts keeps the user. frontchannel-logout.js knows it, too. */
export const userKey = (config) => `oidc.user:${config.authority}:${config.client_id}`;

/** The library's manager, set up for this portal. `config` is the answer of /config.json. */
export async function createManager(config) {
  if (config.library === "keycloak-js") return (await import("./keycloak-js.js")).createManager(config);
  if (!globalThis.oidc) {
    throw new Trouble("A part of this page is missing", "The script vendor/oidc-client-ts.min.js was not loaded.",
      "Without it this page cannot sign anybody in.", "Load the page again; if it stays, something between you and the portal blocks scripts.");
  }
  const { InMemoryWebStorage, UserManager, WebStorageStateStore } = globalThis.oidc;
  const store = config.tokens === "memory" ? new InMemoryWebStorage() : storeOf(config);
  return new UserManager({
    authority: config.authority,
    client_id: config.client_id,
    redirect_uri: config.redirect_uri,
    silent_redirect_uri: config.silent_redirect_uri,
    post_logout_redirect_uri: config.post_logout_redirect_uri,
    scope: config.scope,
    response_type: "code",
    userStore: new WebStorageStateStore({ store }),
    // Trap: the library's default for state is localStorage, which outlives the tab and is shared by all tabs.
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
    // Renewal is done in watch.js, where it can be seen and where two renewals at once are prevented.
    automaticSilentRenew: false,
    accessTokenExpiringNotificationTimeInSeconds: 60,
    // The library's own monitoring stops without a word where a browser blocks third-party cookies, and silence looks like
    // "signed in". Where it is wanted (`config.monitor`), check-session.js does it and says so.
    monitorSession: false,
    requestTimeoutInSeconds: 10,
    silentRequestTimeoutInSeconds: 10,
  });
}

/** Leaves for the sign-in service (Core 3.1.2.1). */
export async function signIn(manager) {
  await manager.signinRedirect({
    // Ties the ID token to this attempt. The library checks a nonce, but only if its user sends one.
    nonce: crypto.randomUUID(),
  });
}

/** Handles the answer at /callback. Returns the user, or throws Trouble; then nobody was signed in by it. */
export async function finishSignIn(manager, config) {
  const answer = new URLSearchParams(location.search);
  // Who answers? RFC 9207: with more than one issuer about, a stranger's answer must not be exchanged at ours.
  const said = answer.get("iss");
  const metadata = await manager.metadataService.getMetadata();
  if (said === null ? metadata.authorization_response_iss_parameter_supported : said !== config.authority) {
    throw new Trouble("This sign-in was refused", said === null
      ? "The answer does not say which sign-in service it comes from (parameter iss), and ours always says so."
      : "The answer comes from another sign-in service than the one that this portal trusts (parameter iss).",
      "Somebody may have mixed up two services, by accident or on purpose. Nobody was signed in.", "Go back and sign in again.");
  }
  // Checks state, sends code and code_verifier, checks the nonce.
  return begin(manager, config, await manager.signinRedirectCallback());
}

/** A session begins here with what the library has taken for good, unless its ID token does not fit. */
async function begin(manager, config, user) {
  try {
    checkIdToken(user, config);
  } catch (error) {
    await manager.removeUser(); // The library had stored it already.
    throw error;
  }
  // When this session began here. The tokens cannot say: auth_time is when the password was typed, perhaps at another
  // portal, and iat is new after each renewal.
  storeOf(config).setItem(BEGAN, JSON.stringify({ sid: user.profile.sid, at: Math.floor(Date.now() / 1000) }));
  return user;
}

/**
 * Asks whether somebody is signed in at the service, without a page that anybody sees: prompt=none in a frame (Core
 * 3.1.2.1). Returns one of
 *   { state: "in", user }
 *   { state: "out", why }      the service says no. `why` is not empty where that may be wrong.
 *   { state: "unknown", why }
 */
export async function signInSilently(manager, config) {
  try {
    const user = await manager.signinSilent({ nonce: crypto.randomUUID() });
    return { state: "in", user: await begin(manager, config, user) };
  } catch (error) {
    if (error instanceof Trouble) throw error;
    if (!saysNobody(error)) return { state: "unknown", why: "This page could not ask the sign-in service whether you are signed in there." };
    // Trap: a frame of another site is loaded without its cookies where the browser blocks them, and then the service says
    // "login_required" about somebody who is signed in. Its check-session frame is asked whether it sees cookies at all.
    const answer = await frameAnswer(config, await manager.metadataService.getMetadata());
    return { state: "out", why: answer === "unchanged" || answer === "changed" ? "" : BLIND };
  }
}

const BLIND = "This page cannot know whether you are signed in at other portals: your browser withholds the sign-in service's cookies "
  + "in frames. The button asks properly; where you are signed in, no password is needed.";

/** Whether the service answered a question without a person with "I would have to ask somebody" (Core 3.1.2.6). */
export function saysNobody(error) {
  return error?.name === "ErrorResponse"
    && ["login_required", "interaction_required", "consent_required", "account_selection_required"].includes(error.error);
}

/** To be called when nobody is signed in any more: nothing of a session stays. */
export function forgetBeginning(config) {
  storeOf(config).removeItem(BEGAN);
}

/** The moment, in seconds, at which the session of this user began here; null if that is not known. */
export function beginningOf(user, config) {
  const began = JSON.parse(storeOf(config).getItem(BEGAN));
  return began?.sid === user.profile.sid ? began.at : null;
}

/**
 * The claims of the ID token, Core 3.1.3.7: steps 2, 3, 5 and 9. Step 6, the signature, may be left out because the token
 * came straight from the token endpoint; that rests on TLS. In production the endpoint is https, or you verify.
 */
function checkIdToken(user, { authority, client_id: clientId }) {
  const claims = decode(user.id_token)?.claims ?? {};
  const audience = [claims.aud].flat();
  const now = Date.now() / 1000;
  const wrong =
    (claims.iss !== authority && "iss names another issuer") ||
    (!audience.includes(clientId) && "aud does not name this portal") ||
    (audience.length > 1 && claims.azp === undefined && "azp is missing") ||
    (claims.azp !== undefined && claims.azp !== clientId && "azp names another client") ||
    (!(claims.exp > now - LEEWAY) && "exp has passed") ||
    // Not a rule of Core: without sid no logout message could ever be matched to this session.
    (typeof claims.sid !== "string" && "sid is missing");
  if (wrong) {
    throw new Trouble("This sign-in was refused", `The ID token does not fit: ${wrong}.`,
      "It was not made for this portal, or not now. Nobody was signed in.", "Go back and sign in again; if it stays, check the client in the realm.");
  }
}

/**
 * Leaves for the sign-in service's logout (RP-Initiated Logout 1.0, section 2). Returns false if that cannot be done: then
 * the tokens are gone from this tab, but the service was not told.
 */
export async function signOut(manager, config) {
  // Trap: signoutRedirect forgets the user, then sends the browser away, to an address it may have learnt an hour ago. If
  // the service is down by now, the tokens are gone, nothing was ended, and the person looks at a browser's error page.
  // So ask whether somebody is there, past all caches.
  if (!(await isThere(manager.settings.metadataUrl))) {
    await manager.removeUser();
    return false;
  }
  await manager.signoutRedirect({
    // The library takes the ID token out of its store and sends it as id_token_hint: whose session is to end. Without it
    // Keycloak asks "Do you want to log out?", or answers 400. The client_id beside it lets the service compare.
    extraQueryParams: { client_id: config.client_id },
    // Trap: the library sends a state only if there is something to carry.
    state: { leftAt: Math.floor(Date.now() / 1000) },
  });
  return true;
}

async function isThere(url) {
  try {
    return (await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(10_000) })).ok;
  } catch {
    return false;
  }
}

/**
 * Handles the answer at /signed-out. Returns whether it belongs to a sign-out of this tab: state must come back as it was
 * sent (RP-Initiated Logout 1.0, section 3). Trap: the library accepts an answer without any state in silence.
 */
export async function finishSignOut(manager) {
  if (!new URLSearchParams(location.search).get("state")) return false;
  try {
    await manager.signoutRedirectCallback();
    return true;
  } catch {
    return false;
  }
}

/** What a failed callback means, for a person. */
export function explain(error) {
  if (error instanceof Trouble) return error;
  const again = "Go back and sign in again.";
  if (error?.name === "ErrorResponse") {
    // The code is a word of the protocol; the description is the service's own text. Both are shown as text, never as HTML.
    const said = error.error_description ? `“${error.error}”: ${error.error_description}` : `“${error.error}”`;
    return new Trouble("The sign-in did not succeed", `The sign-in service answered ${said}.`,
      "It did not hand out tokens, or the code was used before or too late. Nobody was signed in.", again);
  }
  if (/state/i.test(error?.message ?? "")) {
    return new Trouble("This answer belongs to no sign-in of this tab", "The state in the address is missing, or not one that this tab has sent.",
      "The address was opened twice, in another tab, or somebody sent it to you. It was not used.", again);
  }
  if (error instanceof TypeError || error?.name === "ErrorTimeout") {
    // fetch throws a TypeError for everything from a dead network to a missing CORS permission, and does not say which.
    return new Trouble("The sign-in service cannot be reached", error.message,
      "This page could not finish the sign-in. Nobody was signed in.", "Wait a moment, then go back and sign in again.");
  }
  return new Trouble("This sign-in was refused", error?.message ?? "Unknown reason.", "Nobody was signed in.", again);
}
