// Performance dashboard: goals, their progress, and the average. Lives in this page only.

import { answer, element, fill, showRows } from "../dom.js";

const START = [
  { name: "Close open audit findings", done: 60 },
  { name: "Bring three colleagues through the SSO training", done: 35 },
  { name: "Answer service requests within a day", done: 85 },
  { name: "Move the last application to single sign-on", done: 20 },
];

/** Wires the panel below `root`; returns a function that takes it back to the start, for the next person. */
export function performanceDashboard(root) {
  const form = root.querySelector('[data-form="goal"]');
  let goals = [];
  form.elements.goal.replaceChildren(...START.map(({ name }) => element("option", name)));

  const show = () => {
    const average = Math.round(goals.reduce((sum, goal) => sum + goal.done, 0) / goals.length);
    fill(root, { average: `${average} %` });
    root.querySelector("#performance-average").value = average;
    showRows(root, "goals", goals.map((goal) => [goal.name, bar(goal), goal.done]));
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { goal, done } = Object.fromEntries(new FormData(form));
    goals = goals.map((one) => (one.name === goal ? { ...one, done: Number(done) } : one));
    show();
    answer(form, `${goal}: now ${Number(done)} %.`);
  });

  return () => {
    goals = START;
    form.reset();
    answer(form, "");
    show();
  };
}

function bar({ name, done }) {
  // <progress> draws its own bar: no style attribute is needed, so the page's policy can forbid them.
  const progress = element("progress", `${done} %`, { max: 100, "aria-label": name });
  progress.value = done;
  return progress;
}
