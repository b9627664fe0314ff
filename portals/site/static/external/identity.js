// National ID integration: the check that a passport's own line allows, and consents. Lives in this page only.

import { answer, fill, rowButton, showRows, stateWord } from "../dom.js";

const CONSENTS = [
  { data: "Name and date of birth", use: "opening an account", given: false },
  { data: "Address", use: "sending contracts", given: false },
  { data: "Nationality", use: "sanctions lists", given: false },
];

/** Wires the panel below `root`; returns a function that takes it back to the start, for the next person. */
export function identity(root) {
  const form = root.querySelector('[data-form="document"]');
  let consents = [];

  const show = () => showRows(root, "consents", consents.map((one) => [
    one.data, one.use, stateWord(one.given ? "allowed" : "not allowed", one.given ? "good" : "warn"),
    rowButton(one.given ? "Take back" : "Allow", one.data, () => {
      consents = consents.map((other) => (other === one ? { ...one, given: !one.given } : other));
      show();
      fill(root, { consent_message: `${one.data}: ${one.given ? "no longer allowed" : "allowed"}.` });
    }),
  ]));

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { number, digit, birth } = Object.fromEntries(new FormData(form));
    const expected = checkDigit(number.toUpperCase());
    if (Number(digit) !== expected) return answer(form, "The check digit does not belong to this number: one of them was mistyped.", false);
    const age = yearsSince(birth);
    if (age < 0) return answer(form, "The date of birth lies in the future.", false);
    return answer(form, `The number is well formed. The holder is ${age} years old${age < 18 ? ": not of age in most countries" : ""}.`);
  });

  return () => {
    consents = CONSENTS;
    form.reset();
    answer(form, "");
    fill(root, { consent_message: "" });
    show();
  };
}

/** ICAO 9303 part 3, 4.9: signs are weighted 7, 3, 1 in turn (A = 10, filler = 0), the sum is taken modulo 10. */
function checkDigit(number) {
  const weights = [7, 3, 1];
  return [...number.padEnd(9, "<")].reduce((sum, sign, at) => sum + (sign === "<" ? 0 : parseInt(sign, 36)) * weights[at % 3], 0) % 10;
}

function yearsSince(date) {
  const [year, month, day] = date.split("-").map(Number);
  const today = new Date();
  const before = today.getMonth() + 1 < month || (today.getMonth() + 1 === month && today.getDate() < day);
  return today.getFullYear() - year - (before ? 1 : 0);
}
