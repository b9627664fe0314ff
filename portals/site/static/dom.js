// The little that both single-page apps need to put values on a page.
//
// Trap: everything here writes through textContent. A name is data, and one that reads "<img onerror=...>" must be shown,
// not run. In a single-page app that holds tokens, one innerHTML with a claim in it gives the tokens away.

/** Puts each value into every element marked data-field="its name", below `root`. */
export function fill(root, values) {
  for (const [name, value] of Object.entries(values)) {
    for (const place of root.querySelectorAll(`[data-field="${name}"]`)) place.textContent = value ?? "–";
  }
}

/** The fault s16-inner-html: what the trap above warns of. Nothing else uses it. */
export function fillAsHtml(root, values) {
  for (const [name, value] of Object.entries(values)) {
    for (const place of root.querySelectorAll(`[data-field="${name}"]`)) place.innerHTML = value ?? "–";
  }
}

/** A new element with text in it. `attributes` may hold any attribute but `style`, which the page's policy forbids. */
export function element(tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** A small button for a table row. `about` completes the label for those who cannot see which row it stands in. */
export function rowButton(label, about, onClick) {
  const button = element("button", label, { type: "button", class: "button button-quiet button-small" });
  button.append(element("span", ` ${about}`, { class: "visually-hidden" }));
  button.addEventListener("click", onClick);
  return button;
}

/** A word with a colour that supports it: kind is good, warn or bad. */
export function stateWord(text, kind) {
  return element("span", text, { class: `state state-${kind}` });
}

/**
 * Fills <tbody data-rows="name">: each row is a list of cells, a cell is a text, a number or an element. The first cell
 * is the row's heading. Without rows the text of data-empty is shown: an empty table looks like a broken page.
 */
export function showRows(root, name, rows) {
  const body = root.querySelector(`tbody[data-rows="${name}"]`);
  const headings = [...body.closest("table").querySelectorAll("thead th")];
  const stoodHere = body.contains(document.activeElement);
  body.replaceChildren(...rows.map((cells) => tableRow(cells, headings)));
  if (rows.length === 0 && body.dataset.empty) {
    const row = element("tr");
    row.append(element("td", body.dataset.empty, { colspan: headings.length, class: "hint" }));
    body.append(row);
  }
  if (stoodHere) focusCaption(body.closest("table"));
}

/**
 * The button that was pressed is gone with its row, and the browser puts the focus nowhere: a screen reader falls silent.
 * Trap: on the next row's button it would be as near, but a key held down a moment too long would press that one as well.
 */
function focusCaption(table) {
  table.caption.tabIndex = -1;
  table.caption.focus();
}

function tableRow(cells, headings) {
  const row = element("tr");
  cells.forEach((content, column) => {
    const cell = element(column === 0 ? "th" : "td");
    if (column === 0) cell.scope = "row";
    else cell.dataset.label = headings[column]?.textContent ?? "";
    if (headings[column]?.classList.contains("number")) cell.className = "number";
    cell.append(content instanceof Node ? content : String(content));
    row.append(cell);
  });
  return row;
}

/** Fills <tbody data-pairs="name"> with names and values, such as the claims of a token. */
export function showPairs(root, name, pairs) {
  const body = root.querySelector(`tbody[data-pairs="${name}"]`);
  body.replaceChildren(...pairs.map(([key, value]) => {
    const row = element("tr");
    row.append(element("th", key, { scope: "row" }), element("td", value));
    return row;
  }));
}

/**
 * Shows the one <… data-view="name"> and hides the others. The body carries the name too, for style sheets and for
 * tests that wait for it. With `focus`, the keyboard follows to the new heading: otherwise it would stay in a part of
 * the page that is gone, and a screen reader would fall silent.
 */
export function showView(name, { focus = false } = {}) {
  document.body.dataset.view = name;
  for (const view of document.querySelectorAll("main [data-view]")) view.hidden = view.dataset.view !== name;
  if (focus) document.querySelector(`main [data-view="${name}"] [tabindex="-1"]`)?.focus();
}

/** Says something in the page's live region, so that it is read out as well as seen. An empty text takes it back. */
export function announce(text, kind = "") {
  const notice = document.getElementById("notice");
  notice.className = kind ? `notice notice-${kind}` : "notice";
  notice.textContent = text;
}

/** Answers a form where the person looks at that moment: below its button. */
export function answer(form, text, good = true) {
  const message = form.querySelector(".form-message");
  message.classList.toggle("is-bad", !good);
  message.textContent = text;
}
