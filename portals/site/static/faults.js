// Faults that a lesson has switched on, as the server wrote them into the page. Without a lesson there are none.

const on = new Set((document.body.dataset.faults ?? "").split(" "));

export const hasFault = (name) => on.has(name);
