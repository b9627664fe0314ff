// The live line: the portal's back end pushes "you were signed out" to this open tab.
//
// Why it exists: a back-channel logout is a message from the sign-in service to the portal's server. The browser takes no
// part in it, so without a push the page would go on showing a session that is dead, until the next click.
//
// In production: every open tab holds a connection. Over HTTP/1.1 a browser allows six for one origin, so the seventh tab
// would hang; use HTTP/2 or share one line between the tabs. And a server must be able to end all lines when it stops.

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Opens the line. Calls
 *   onSignedOut({ reason, text })  when the portal says that this session has ended
 *   onDoubt()                      when the line was lost, or is back: something may have been missed meanwhile
 *   onState(text)                  for the words on the page
 * Returns a function that closes the line for good.
 */
export function listen({ onSignedOut, onDoubt, onState }) {
  let source = null;
  let timer = null;
  let pause = FIRST_PAUSE_MS;
  let lost = false;
  let closed = false;

  const connect = () => {
    source = new EventSource("/api/events");

    source.addEventListener("open", () => {
      pause = FIRST_PAUSE_MS;
      onState("connected");
      // Trap: events that were sent while the line was down are gone; nobody repeats them. So ask.
      if (lost) onDoubt();
      lost = false;
    });

    source.addEventListener("signed-out", (event) => {
      // Close first: the server ends the stream after this event, and an EventSource left open would come straight back.
      close();
      onSignedOut(parse(event.data));
    });

    source.addEventListener("error", () => {
      if (closed) return;
      // Trap: an error says only that the line is gone. The server may be restarting, the laptop may have slept.
      // It does not say that the session ended: /api/me knows, so the page asks before it claims anything.
      lost = true;
      onState("connection lost, trying again");
      onDoubt();
      // A browser reconnects by itself after a broken line, but gives up after an answer other than 200 (a 401, or a
      // proxy's 502). For the second case the next try is ours, with growing pauses.
      if (source.readyState === EventSource.CLOSED) {
        timer = setTimeout(connect, pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    });
  };

  const close = () => {
    closed = true;
    clearTimeout(timer);
    source?.close();
    onState("not connected");
  };

  connect();
  return close;
}

function parse(data) {
  try {
    return JSON.parse(data);
  } catch {
    return { reason: "unknown", text: "Your session has ended." };
  }
}
