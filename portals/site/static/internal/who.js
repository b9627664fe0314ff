// "Who am I?": the only question by which this page learns whether somebody is signed in.

const DEADLINE_MS = 10_000;

/**
 * Asks the portal's back end. Returns one of
 *   { state: "in", me }                   somebody is signed in; `me` is what the page may show
 *   { state: "out" }                      the portal knows no session for this browser
 *   { state: "forbidden", username, needed }
 *   { state: "unknown", why }             no answer, or one that makes no sense
 *
 * Trap: a failed request is not a "no". Who treats a lost network as "signed out" sends people away from their work;
 * who treats it as "signed in" shows what may be somebody else's page by now. It is a third answer.
 */
export async function whoAmI() {
  let response;
  try {
    response = await fetch("/api/me", {
      // The cookie goes along because the page and its back end share an origin; no token is ever in this script's hands.
      credentials: "same-origin",
      cache: "no-store",
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
  } catch (error) {
    const late = error.name === "TimeoutError";
    return { state: "unknown", why: late ? "No answer within 10 seconds." : "The connection could not be made." };
  }
  // 401 says "not signed in", 403 says "signed in, but not allowed". Mixed up, the second becomes a redirect loop.
  if (response.status === 401) return { state: "out" };
  try {
    const body = await response.json();
    if (response.status === 200) return { state: "in", me: body };
    if (response.status === 403) return { state: "forbidden", username: body.username, needed: body.needed };
  } catch {
    // Not JSON: falls through to the answer below, which names the status.
  }
  return { state: "unknown", why: `The portal answered with status ${response.status}.` };
}
