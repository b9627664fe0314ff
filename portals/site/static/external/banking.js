// Banking services: all of it is worked out in this page and forgotten with it. No bank is asked.

import { answer, fill, rowButton, showRows } from "../dom.js";

/** Wires the panel below `root`; returns a function that takes it back to the start, for the next person. */
export function banking(root) {
  const form = (name) => root.querySelector(`[data-form="${name}"]`);
  let transactions = [];
  let last = 0;

  const showTransactions = () => showRows(root, "transactions", transactions.map((one) => [
    one.number, one.payee, money(one.cents, one.currency),
    rowButton("Cancel", one.number, () => {
      transactions = transactions.filter((other) => other !== one);
      showTransactions();
      answer(form("transaction"), `${one.number} is cancelled.`);
    }),
  ]));

  form("account").addEventListener("submit", (event) => {
    event.preventDefault();
    const iban = form("account").elements.iban.value.replace(/\s/g, "").toUpperCase();
    const wrong = ibanFault(iban);
    return wrong ? answer(form("account"), wrong, false) : answer(form("account"), `Well formed: country ${iban.slice(0, 2)}, check digits right.`);
  });

  form("transaction").addEventListener("submit", (event) => {
    event.preventDefault();
    const { payee, amount, currency } = Object.fromEntries(new FormData(form("transaction")));
    if (!payee.trim()) return answer(form("transaction"), "Say who is to be paid.", false);
    last += 1;
    // Trap: 0.1 + 0.2 is not 0.3 in a computer's fractions. Money is counted in whole cents.
    transactions = [...transactions, { number: `T-${last}`, payee: payee.trim(), cents: Math.round(Number(amount) * 100), currency }];
    showTransactions();
    form("transaction").reset();
    return answer(form("transaction"), `T-${last} is in the list.`);
  });

  form("credit").addEventListener("submit", (event) => {
    event.preventDefault();
    const { income, owed, wanted } = Object.fromEntries(new FormData(form("credit")));
    const share = Math.round(((Number(owed) + Number(wanted)) / Number(income)) * 100);
    const verdict = share <= 35 ? "within the limit of 35 %" : share <= 45 ? "above 35 %: a person has to look at it" : "above 45 %: declined";
    answer(form("credit"), `Instalments would take ${share} % of the income, ${verdict}.`, share <= 45);
  });

  root.querySelector("[data-report]").addEventListener("click", () => {
    const currencies = [...new Set(transactions.map((one) => one.currency))].sort();
    showRows(root, "report", currencies.map((currency) => {
      const cents = transactions.filter((one) => one.currency === currency).map((one) => one.cents);
      return [currency, cents.length, money(cents.reduce((sum, one) => sum + one, 0), currency), money(Math.max(...cents), currency)];
    }));
    fill(root, { report_title: `Report over ${transactions.length} transactions, made at ${new Date().toLocaleTimeString()}` });
  });

  return () => {
    transactions = [];
    last = 0;
    for (const name of ["account", "transaction", "credit"]) {
      form(name).reset();
      answer(form(name), "");
    }
    showTransactions();
    showRows(root, "report", []);
    fill(root, { report_title: "Report" });
  };
}

function money(cents, currency) {
  return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(cents / 100);
}

/**
 * What is wrong with the form of an IBAN, or null. ISO 13616: the first four signs move to the end, letters become numbers
 * (A = 10), and the whole, a number of up to 60 digits, leaves the remainder 1 when divided by 97.
 */
function ibanFault(iban) {
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(iban)) return "An IBAN is a country's two letters, two check digits, and 11 to 30 more signs.";
  const digits = [...iban.slice(4), ...iban.slice(0, 4)].map((sign) => parseInt(sign, 36)).join("");
  // Too long for a number: Number would round it and most right IBANs would be called wrong.
  return BigInt(digits) % 97n === 1n ? null : "The check digits do not fit: one sign is wrong, or two have changed places.";
}
