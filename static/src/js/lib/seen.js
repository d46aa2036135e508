// How far this browser has seen each ticket, by its number of messages and events.

import { read, write } from "./store.js";

const MOST = 500;

export function markSeen(ticket, seq) {
  const all = read("seen", {});
  all[ticket] = seq;
  const ids = Object.keys(all);
  if (ids.length > MOST) for (const old of ids.slice(0, MOST / 5)) delete all[old];
  write("seen", all);
  document.dispatchEvent(new CustomEvent("helpdesk:seen"));
}

export function showSeen(rows) {
  const all = read("seen", {});
  for (const row of rows) row.classList.toggle("seen", (all[row.dataset.ticket] ?? -1) >= Number(row.dataset.seq));
}
