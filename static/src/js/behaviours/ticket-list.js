// The list keeps itself current. It does not jump under the pointer: rows change where they are, and what is new waits
// behind a button while somebody reads.

import htmx from "htmx.org";
import { fragment, parse } from "../lib/http.js";
import { show } from "../lib/presence.js";
import { read } from "../lib/store.js";
import { announce } from "../lib/toast.js";

const PAUSE = 150;
const CALM = 1000; // however much happens, not more often than this

export function ticketList(list, signal) {
  const inbox = list.closest(".inbox");
  const pane = list.closest(".list-pane");
  if (!inbox) return;
  const pill = document.getElementById("new-pill");
  const rows = () => [...list.querySelectorAll(".ticket-row")];
  const when = (row) => row.querySelector("time.when").dateTime;
  let timer;
  let last = 0;
  let held = null;

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(refresh, Math.max(PAUSE, last + CALM - Date.now()));
  }

  async function refresh() {
    last = Date.now();
    try {
      const parts = parse(await fragment(`/live/inbox/${inbox.dataset.view}${inbox.dataset.query}`, { background: true, signal }));
      if (signal.aborted) return;
      htmx.swap({ text: parts.getElementById("rail-views").outerHTML, target: document.getElementById("rail-views"), swap: "outerMorph" });
      const fresh = [...parts.querySelectorAll(".ticket-row")];
      if (Boolean(fresh.length) !== Boolean(rows().length)) return whole();
      for (const row of fresh) replace(row);
      const missing = fresh.filter((row) => !document.getElementById(row.id));
      held = fresh;
      if (!missing.length || !(pane.scrollTop > 8 || list.matches(":hover"))) return arrange();
      pill.textContent = `${missing.length} new`;
      pill.hidden = false;
      announce(`${missing.length} new ${missing.length > 1 ? "tickets" : "ticket"}`);
    } catch { /* the next notice or tick asks again */ } finally { marks(); }
  }

  function replace(row) {
    const old = document.getElementById(row.id);
    if (!old) return;
    const link = old.querySelector("a");
    if (link.hasAttribute("aria-current")) row.querySelector("a").setAttribute("aria-current", "true");
    if (row.outerHTML !== old.outerHTML) htmx.swap({ text: row.outerHTML, target: old, swap: "outerMorph" });
  }

  function arrange() {
    const oldest = held.length ? when(held.at(-1)) : "";
    const known = new Set(held.map((row) => row.id));
    for (const row of rows()) {
      if (known.has(row.id) || when(row) < oldest) continue;
      if (row.querySelector("[aria-current]")) row.classList.add("leaving");
      else row.remove();
    }
    const order = held.map((row) => document.getElementById(row.id) ?? row);
    order.forEach((row, index) => { if (rows()[index] !== row) list.insertBefore(row, rows()[index] ?? list.querySelector(".more")); });
    htmx.process(list);
    pill.hidden = true;
    marks();
  }

  async function whole() {
    const html = await fragment(`/inbox/${inbox.dataset.view}${inbox.dataset.query}`, { background: true, signal });
    htmx.swap({ text: html, target: pane, swap: "innerHTML" });
  }

  function marks() {
    const seen = read("seen", {});
    for (const row of rows()) row.classList.toggle("seen", (seen[row.dataset.ticket] ?? -1) >= Number(row.dataset.seq));
    show();
  }

  pill.addEventListener("click", () => { pane.scrollTop = 0; arrange(); }, { signal });
  for (const name of ["changed", "catch-up"]) document.addEventListener(`helpdesk:${name}`, soon, { signal });
  document.addEventListener("helpdesk:seen", marks, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  marks();
}
