// The admin dashboard works without any script. This one adds two small things.

// 1. Trap: after "sign out" and then "back", a browser may show this page out of its memory (the back-forward cache):
//    no request, so no chance for the server to say "not signed in", and `Cache-Control: no-store` does not prevent it.
//    So a page that comes back from there is emptied and loaded anew; the server then decides what is shown.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  document.querySelector("main").hidden = true;
  location.reload();
});

// 2. After a decision the server redirects to /admin/dashboard#item-…: the row is marked by the style sheet. Who does not
//    see the mark hears what became of the item.
const row = location.hash.startsWith("#item-") ? document.getElementById(location.hash.slice(1)) : null;
if (row) {
  const item = row.querySelector("th").firstChild.textContent.trim();
  const state = row.querySelector(".state").textContent.trim();
  document.getElementById("notice").textContent = `${item}: ${state}.`;
}
