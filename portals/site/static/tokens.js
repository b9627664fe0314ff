// Reading tokens for show. Decoding is not verifying: everybody can write a token that decodes well.

import { readable } from "./moments.js";

/**
 * Header and claims of a JSON Web Token, or null when the text is none (an access token may be any text: RFC 6749 1.4).
 * Nothing is checked here. For a decision about access the signature counts, and an API checks it on its own side.
 */
export function decode(token) {
  const parts = String(token ?? "").split(".");
  if (parts.length !== 3) return null;
  try {
    return { header: part(parts[0]), claims: part(parts[1]) };
  } catch {
    return null;
  }
}

function part(text) {
  // base64url to base64, then bytes, then UTF-8. Trap: atob alone gives bytes, and "Zoë" becomes "ZoÃ«".
  const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** A token as a page may show it: its beginning, which is the same for every token of a kind, and its length. */
export function masked(token) {
  return token ? `${token.slice(0, 8)}… (${token.length} characters, the rest is not shown)` : "none";
}

const TIMES = new Set(["exp", "iat", "nbf", "auth_time"]);

/** Names and values for a table; times are said in words beside the number, lists and objects as JSON. */
export function pairs(object) {
  return Object.entries(object ?? {}).map(([name, value]) => {
    if (TIMES.has(name) && typeof value === "number") return [name, `${value} (${readable(value)})`];
    return [name, typeof value === "string" ? value : JSON.stringify(value)];
  });
}
