// Services open as panels in the page: <button data-opens="id" aria-controls="id" aria-expanded="false">.

/** Makes every such button below `root` work; returns a function that closes all panels (used when the person changes). */
export function wirePanels(root) {
  const buttons = [...root.querySelectorAll("[data-opens]")];
  const open = (chosen) => {
    for (const button of buttons) {
      // Without aria-expanded a screen reader cannot tell that the button did anything.
      button.setAttribute("aria-expanded", String(button === chosen));
      document.getElementById(button.dataset.opens).hidden = button !== chosen;
    }
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const close = button.getAttribute("aria-expanded") === "true";
      open(close ? null : button);
      // The panel lies below all buttons: moving the focus there brings it into view as well.
      if (!close) document.querySelector(`#${button.dataset.opens} [tabindex="-1"]`)?.focus();
    });
  }
  return () => open(null);
}
