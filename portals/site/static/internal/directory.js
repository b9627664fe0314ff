// Employee directory: the people of the lab's realm, with a search that filters as you type.
//
// Trap: a list in a script is public. Everybody can read this file without signing in, whatever the page shows or hides.
// Here that is bearable (the names stand in the realm's own documentation); a real directory is asked from an API, which
// checks the session at each request.

import { fill, showRows } from "../dom.js";

const PEOPLE = [
  { name: "Alex Admin", username: "alex.admin", email: "alex.admin@example.com", roles: "employee, approver, admin", organization: "Enterprise Ltd" },
  { name: "John Employee", username: "john.employee", email: "john.employee@example.com", roles: "employee", organization: "Enterprise Ltd" },
  { name: "Mary Manager", username: "mary.manager", email: "mary.manager@example.com", roles: "employee, approver", organization: "Enterprise Ltd" },
  { name: "Pat Partner", username: "pat.partner", email: "pat.partner@partner.example", roles: "partner (external portal only)", organization: "Partner Bank" },
];

/** Wires the panel below `root`; returns a function that takes it back to the start, for the next person. */
export function directory(root) {
  const search = root.querySelector("#directory-search");

  const show = () => {
    const wanted = search.value.trim().toLowerCase();
    const found = PEOPLE.filter((person) => Object.values(person).join(" ").toLowerCase().includes(wanted));
    showRows(root, "directory", found.map((person) => [person.name, person.username, person.email, person.roles, person.organization]));
    // The count stands in a live region: who cannot see the table shrink hears how many are left.
    fill(root, { directory_count: `${found.length} of ${PEOPLE.length} people` });
  };

  search.addEventListener("input", show);

  return () => {
    search.value = "";
    show();
  };
}
