// Vendor management: suppliers, a reverse auction, contracts and invoices. Lives in this page only.

import { answer, element, fill, rowButton, showRows, stateWord } from "../dom.js";

const SUPPLIERS = [
  { name: "Northwind Hosting", field: "Cloud services", state: "approved" },
  { name: "Brightside Consulting", field: "Consulting", state: "approved" },
];
const AUCTIONS = [
  { name: "A-14 Laptops, 40 pieces", best: 38_500, holder: "Bidder 3" },
  { name: "A-15 Cleaning of the branch offices", best: 12_200, holder: "Bidder 1" },
];
const CONTRACTS = [
  { id: "C-2201", subject: "Payment gateway, operation", state: "running" },
  { id: "C-2207", subject: "Card terminals, maintenance", state: "to be acknowledged" },
];
const EUROS = new Intl.NumberFormat(undefined, { style: "currency", currency: "EUR" });

/** Wires the panel below `root`; returns a function that takes it back to the start, for the next person. */
export function vendors(root) {
  const form = (name) => root.querySelector(`[data-form="${name}"]`);
  let suppliers, auctions, contracts, invoices;

  const show = () => {
    showRows(root, "suppliers", suppliers.map(({ name, field, state }) => [name, field, stateWord(state, state === "approved" ? "good" : "warn")]));
    showRows(root, "auctions", auctions.map(({ name, best, holder }) => [name, EUROS.format(best), holder]));
    showRows(root, "contracts", contracts.map((one) => [
      one.id, one.subject, stateWord(one.state, one.state === "running" ? "good" : "warn"),
      one.state === "running" ? "–" : rowButton("Acknowledge", one.id, () => {
        contracts = contracts.map((other) => (other === one ? { ...one, state: "running" } : other));
        show();
        fill(root, { contract_message: `${one.id} is acknowledged.` });
      }),
    ]));
    showRows(root, "invoices", invoices.map(({ number, contract, amount }) => [number, contract, EUROS.format(amount)]));
  };

  form("supplier").addEventListener("submit", (event) => {
    event.preventDefault();
    const { name, field } = Object.fromEntries(new FormData(form("supplier")));
    const company = name.trim();
    if (!company) return answer(form("supplier"), "Say the company's name.", false);
    if (suppliers.some((one) => one.name.toLowerCase() === company.toLowerCase())) return answer(form("supplier"), `${company} is registered already.`, false);
    suppliers = [...suppliers, { name: company, field, state: "in examination" }];
    show();
    form("supplier").reset();
    return answer(form("supplier"), `${company} is registered and will be examined.`);
  });

  form("bid").addEventListener("submit", (event) => {
    event.preventDefault();
    const { auction, amount } = Object.fromEntries(new FormData(form("bid")));
    const offer = Number(amount);
    const chosen = auctions.find(({ name }) => name === auction);
    if (offer >= chosen.best) return answer(form("bid"), `The offer must be below ${EUROS.format(chosen.best)}.`, false);
    auctions = auctions.map((one) => (one === chosen ? { ...one, best: offer, holder: "You" } : one));
    show();
    form("bid").elements.amount.value = "";
    return answer(form("bid"), `Yours is the best offer now: ${EUROS.format(offer)}.`);
  });

  form("invoice").addEventListener("submit", (event) => {
    event.preventDefault();
    const { contract, number, amount } = Object.fromEntries(new FormData(form("invoice")));
    if (!number.trim()) return answer(form("invoice"), "Say your invoice's number.", false);
    if (contracts.find(({ id }) => id === contract).state !== "running") return answer(form("invoice"), `Acknowledge ${contract} first.`, false);
    // A number that comes twice is a payment that is made twice.
    if (invoices.some((one) => one.number === number.trim())) return answer(form("invoice"), `There is an invoice ${number.trim()} already.`, false);
    invoices = [...invoices, { contract, number: number.trim(), amount: Number(amount) }];
    show();
    form("invoice").reset();
    return answer(form("invoice"), `Invoice ${number.trim()} is handed in.`);
  });

  return () => {
    [suppliers, auctions, contracts, invoices] = [SUPPLIERS, AUCTIONS, CONTRACTS, []];
    form("bid").elements.auction.replaceChildren(...AUCTIONS.map(({ name }) => element("option", name)));
    form("invoice").elements.contract.replaceChildren(...CONTRACTS.map(({ id }) => element("option", id)));
    for (const name of ["supplier", "bid", "invoice"]) {
      form(name).reset();
      answer(form(name), "");
    }
    fill(root, { contract_message: "" });
    show();
  };
}
