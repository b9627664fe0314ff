// Moments as people read them. A server says them as text (RFC 3339), a token as seconds since 1970.

const SHOWN = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** A moment in the reader's own language and time zone. What is no moment comes back unchanged. */
export function readable(value) {
  if (value === null || value === undefined || value === "") return "–";
  // Trap: a token's times are seconds, JavaScript's are milliseconds. Forget the factor and every session ended in 1970.
  const moment = new Date(typeof value === "number" ? value * 1000 : value);
  return Number.isNaN(moment.getTime()) ? String(value) : SHOWN.format(moment);
}
