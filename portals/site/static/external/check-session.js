// Is the session of this browser still the one that this page has? The sign-in service offers a page for that, to be
// loaded in a frame: it sees the service's own cookie and answers without any request (OpenID Connect Session Management
// 1.0, sections 3 and 4).
//
// Trap: the frame belongs to another site. Where a browser blocks third-party cookies it sees nothing; Keycloak's then
// answers "error". That is the end of watching, and the page has to say so: a monitor that is silent looks like one that
// has nothing to tell.

/** Milliseconds between two questions. Nothing goes over the network for them. */
const EVERY_MS = 2_000;
const PATIENCE_MS = 5_000;

/** Opens the service's frame. Returns null where the service has none. */
async function openFrame(config, metadata) {
  const address = metadata.check_session_iframe;
  if (!address) return null;
  const { origin } = new URL(address);
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.title = "Session check of the sign-in service";
  // It needs scripts and its own cookies, and has no business with anything else here.
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-storage-access-by-user-activation");
  frame.src = address;
  const loaded = new Promise((resolve) => { frame.addEventListener("load", resolve, { once: true }); });
  document.body.append(frame);
  await Promise.race([loaded, rest(PATIENCE_MS)]);

  return {
    close: () => frame.remove(),
    /** "unchanged", "changed" or "error"; "silent" when no answer came. */
    ask: (sessionState) => new Promise((resolve) => {
      const done = (answer) => {
        window.removeEventListener("message", hear);
        clearTimeout(timer);
        resolve(answer);
      };
      const hear = ({ source, origin: from, data }) => {
        // Anybody may send messages to a page. Only this frame's count.
        if (source === frame.contentWindow && from === origin && ["unchanged", "changed", "error"].includes(data)) done(data);
      };
      const timer = setTimeout(done, PATIENCE_MS, "silent");
      window.addEventListener("message", hear);
      frame.contentWindow.postMessage(`${config.client_id} ${sessionState}`, origin);
    }),
  };
}

/** Asks once, about no session: tells whether the frame sees the service's cookies at all. */
export async function frameAnswer(config, metadata) {
  const frame = await openFrame(config, metadata);
  if (!frame) return "silent";
  const answer = await frame.ask("");
  frame.close();
  return answer;
}

/**
 * Keeps asking for as long as the page lives. Calls
 *   current()            for the session_state of the session on the page; null when there is none
 *   onChanged()          the browser's session is another one, or none. Resolves to whether the service has answered.
 *   onBlind(why)         once, at the end of watching: from now on this page hears nothing from here
 */
export async function watchSession(config, metadata, { current, onChanged, onBlind }) {
  const frame = await openFrame(config, metadata);
  if (!frame) return onBlind("the sign-in service offers no check-session frame");
  let settled = null;
  for (;;) {
    await rest(EVERY_MS);
    const state = current();
    if (!state) continue;
    const answer = await frame.ask(state);
    // The page may have got another session, or none, while the frame was thinking.
    if (answer === "unchanged" || state !== current()) continue;
    // Trap: a service that says "changed" although nothing did would be asked again every two seconds, by a frame and a
    // redirect each. One question for one session; if it says so once more, this watch is of no use.
    if (answer === "changed" && settled !== state) {
      // What could not be asked is asked again: nobody has confirmed or denied anything.
      if (await onChanged()) settled = state;
      continue;
    }
    frame.close();
    return onBlind({
      error: "the sign-in service's frame cannot see its cookies, as where a browser blocks third-party cookies",
      silent: "the sign-in service's frame does not answer",
      changed: "the sign-in service's frame speaks of a change that its answer does not confirm",
    }[answer]);
  }
}

function rest(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
