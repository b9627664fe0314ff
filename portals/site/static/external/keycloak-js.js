// keycloak-js in the clothes of oidc-client-ts's UserManager, as far as this portal wears them: so that everything else
// (session.js, watch.js) is the same for both, and what differs is what the libraries do.
//
// What differs: it keeps tokens in its variables only, so a reload forgets them. It keeps state, nonce and PKCE verifier of
// a sign-in in localStorage, where every tab sees them, for an hour. It sends no `state` to the logout. Its own session
// check takes the frame's "error" for a sign-out, and is left off: check-session.js does it.

import Keycloak from "../vendor/keycloak.js";

const LEFT = "external-portal.left";
const PATIENCE_MS = 10_000;
/** How long before its end an access token is renewed; as oidc-client-ts is set up in session.js. */
const EARLY_MS = 60_000;

/** `config` is the answer of /config.json. */
export function createManager(config) {
  const metadataUrl = `${config.authority}/.well-known/openid-configuration`;
  const listeners = { loaded: [], expiring: [], expired: [] };
  const timers = [];
  let metadata = null;
  /** The instance whose tokens count; null before it is needed. */
  let keycloak = null;

  const getMetadata = async () => {
    metadata ??= await (await fetch(metadataUrl, { signal: AbortSignal.timeout(PATIENCE_MS) })).json();
    return metadata;
  };

  /** A fresh instance: each can be started once. The address of this page is read by it, and its code used. */
  const start = async (options) => {
    const fresh = new Keycloak({ oidcProvider: await getMetadata(), clientId: config.client_id });
    const begun = fresh.init({ responseMode: "query", scope: config.scope, pkceMethod: "S256", checkLoginIframe: false, ...options });
    // Trap: it waits for the answer of its frame for ever.
    await Promise.race([begun, late()]);
    return fresh;
  };

  const silently = async () => {
    const fresh = await start({
      onLoad: "check-sso", silentCheckSsoRedirectUri: config.silent_redirect_uri, silentCheckSsoFallback: false,
    });
    // It does not say which error the service answered with; all of them mean that somebody would have to be asked.
    if (!fresh.authenticated) throw refusal("login_required");
    return fresh;
  };

  const user = () => {
    if (!keycloak?.authenticated) return null;
    const { idToken, idTokenParsed, refreshToken, sessionId, token, tokenParsed, timeSkew } = keycloak;
    const expires = tokenParsed.exp + (timeSkew ?? 0);
    return {
      profile: idTokenParsed, id_token: idToken, access_token: token, refresh_token: refreshToken, session_state: sessionId,
      expires_at: expires, expired: expires <= Date.now() / 1000,
    };
  };

  const loaded = () => {
    const now = user();
    const left = now.expires_at * 1_000 - Date.now();
    const later = (kind, milliseconds) => setTimeout(() => listeners[kind].forEach((listener) => listener()), milliseconds);
    timers.splice(0).forEach(clearTimeout);
    timers.push(later("expiring", Math.max(left - EARLY_MS, 1_000)), later("expired", Math.max(left, 1_000)));
    listeners.loaded.forEach((listener) => listener(now));
    return now;
  };

  const forget = () => {
    timers.splice(0).forEach(clearTimeout);
    keycloak?.clearToken();
  };

  /** Does it; what the library throws becomes what the rest of this portal understands. */
  const translated = async (action) => {
    try {
      return await action();
    } catch (error) {
      throw await translate(error);
    }
  };

  return {
    settings: { metadataUrl },
    metadataService: { getMetadata, getUserInfoEndpoint: async () => (await getMetadata()).userinfo_endpoint },
    events: {
      addUserLoaded: (listener) => listeners.loaded.push(listener),
      addAccessTokenExpiring: (listener) => listeners.expiring.push(listener),
      addAccessTokenExpired: (listener) => listeners.expired.push(listener),
    },
    getUser: async () => user(),
    removeUser: async () => forget(),

    signinRedirect: () => translated(async () => {
      // Not its own `login`: that never returns, and the button would stay disabled if the browser brings this page back.
      location.assign(await (await start()).createLoginUrl({ redirectUri: config.redirect_uri }));
    }),
    signinRedirectCallback: () => translated(async () => {
      keycloak = await start();
      if (!keycloak.authenticated) throw new Error("The state in the answer is not one of this browser.");
      return loaded();
    }),
    signinSilent: () => translated(async () => {
      if (user()?.refresh_token) await keycloak.updateToken(-1);
      else keycloak = await silently();
      return loaded();
    }),
    querySessionStatus: () => translated(async () => {
      const { subject, sessionId } = await silently();
      return { sub: subject, session_state: sessionId };
    }),

    signoutRedirect: async () => {
      const address = new URL(keycloak.createLogoutUrl({ redirectUri: config.post_logout_redirect_uri }));
      const state = crypto.randomUUID();
      sessionStorage.setItem(LEFT, state);
      address.searchParams.set("state", state);
      forget();
      location.assign(address);
    },
    signoutRedirectCallback: async () => {
      const left = sessionStorage.getItem(LEFT);
      sessionStorage.removeItem(LEFT);
      if (left === null || new URLSearchParams(location.search).get("state") !== left) throw new Error("state");
    },
  };
}

/** What oidc-client-ts throws when the service says no. */
function refusal(error, description) {
  return Object.assign(new Error(description ?? error), { name: "ErrorResponse", error, error_description: description });
}

async function translate(error) {
  // The answer to a callback: its `error`, as a plain object.
  if (typeof error?.error === "string") return error.name === "ErrorResponse" ? error : refusal(error.error, error.error_description);
  if (!error?.response) return error;
  try {
    const said = await error.response.json();
    if (said.error) return refusal(said.error, said.error_description);
  } catch {
    // No JSON: the status is all there is.
  }
  return new TypeError(`The sign-in service answered with status ${error.response.status}.`);
}

function late() {
  return new Promise((_, reject) => {
    setTimeout(() => reject(Object.assign(new Error("No answer within 10 seconds."), { name: "ErrorTimeout" })), PATIENCE_MS);
  });
}
