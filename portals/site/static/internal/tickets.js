// IT service requests: a form that adds to a list, and a button that takes a request back. Lives in this page only.

import { answer, rowButton, showRows, stateWord } from "../dom.js";

const SHADES = { "Can wait": "good", "This week": "warn", "I cannot work": "bad" };

/** Wires the panel below `root`; returns a function that takes it back to the start, for the next person. */
export function tickets(root) {
  const form = root.querySelector('[data-form="ticket"]');
  let open = [];
  let last = 0;

  const show = () => showRows(root, "tickets", open.map((ticket) => [
    ticket.number, ticket.kind, stateWord(ticket.urgency, SHADES[ticket.urgency]), ticket.text,
    rowButton("Withdraw", ticket.number, () => {
      open = open.filter((other) => other !== ticket);
      show();
      answer(form, `${ticket.number} is withdrawn.`);
    }),
  ]));

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { kind, urgency, text } = Object.fromEntries(new FormData(form));
    // `required` is content with blanks.
    if (!text.trim()) return answer(form, "Say in a few words what you need.", false);
    last += 1;
    const number = `IT-${last}`;
    open = [...open, { number, kind, urgency, text: text.trim() }];
    show();
    form.reset();
    return answer(form, `${number} is in the list.`);
  });

  return () => {
    open = [];
    last = 0;
    form.reset();
    answer(form, "");
    show();
  };
}
