// Leave management: a balance, and requests that count against it. Lives in this page only.

import { answer, element, rowButton, showRows } from "../dom.js";

const KINDS = [
  { name: "Annual leave", entitled: 25, taken: 9 },
  { name: "Care leave", entitled: 5, taken: 1 },
  { name: "Study leave", entitled: 6, taken: 4 },
];

/** Wires the panel below `root`; returns a function that takes it back to the start, for the next person. */
export function leaveManagement(root) {
  const form = root.querySelector('[data-form="leave"]');
  let requests = [];
  form.elements.kind.replaceChildren(...KINDS.map(({ name }) => element("option", name)));

  const requested = (kind) => requests.filter((one) => one.kind === kind).reduce((sum, one) => sum + one.days, 0);
  const left = ({ name, entitled, taken }) => entitled - taken - requested(name);

  const show = () => {
    showRows(root, "balance", KINDS.map((kind) => [kind.name, kind.entitled, kind.taken, requested(kind.name), left(kind)]));
    showRows(root, "leave", requests.map((one) => [
      one.kind, one.from, one.to, one.days,
      rowButton("Withdraw", `${one.kind} from ${one.from}`, () => {
        requests = requests.filter((other) => other !== one);
        show();
        answer(form, `Withdrawn: ${one.kind} from ${one.from}.`);
      }),
    ]));
  };

  form.addEventListener("submit", (event) => {
    // Without this the browser would send the form to a server, and there is none for it.
    event.preventDefault();
    const { kind, from, to } = Object.fromEntries(new FormData(form));
    const days = workingDays(from, to);
    if (to < from) return answer(form, "The last day lies before the first day.", false);
    if (days === 0) return answer(form, "These days are a weekend: no leave is needed.", false);
    if (requests.some((one) => one.from <= to && from <= one.to)) return answer(form, "There is a request for some of these days already.", false);
    const room = left(KINDS.find(({ name }) => name === kind));
    if (days > room) return answer(form, `That is ${days} days, but only ${room} of ${kind.toLowerCase()} are left.`, false);
    requests = [...requests, { kind, from, to, days }];
    show();
    form.reset();
    return answer(form, `Requested: ${days} ${days === 1 ? "day" : "days"} of ${kind.toLowerCase()}.`);
  });

  return () => {
    requests = [];
    form.reset();
    answer(form, "");
    show();
  };
}

/** Monday to Friday between two dates such as 2030-05-31, both included. */
function workingDays(from, to) {
  let days = 0;
  // Trap: dates without a time are counted in UTC. In local time one day of the year has 23 hours, and is lost.
  for (let day = new Date(`${from}T00:00Z`); day <= new Date(`${to}T00:00Z`); day.setUTCDate(day.getUTCDate() + 1)) {
    if (day.getUTCDay() !== 0 && day.getUTCDay() !== 6) days += 1;
    if (days > 366) break;
  }
  return days;
}
