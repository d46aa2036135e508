// The list keeps itself current. It does not jump under the pointer: rows change where they are, and what is new waits
// behind a button while somebody reads.

import htmx from "htmx.org";
import { fragment, parse } from "../lib/http.js";
import { show } from "../lib/presence.js";
import { arrange, renew, rowsOf } from "../lib/rows.js";
import { showSeen } from "../lib/seen.js";
import { soon } from "../lib/soon.js";
import { announce } from "../lib/toast.js";

export function ticketList(list, signal) {
  const inbox = list.closest(".inbox");
  const pane = list.closest(".list-pane");
  if (!inbox) return;
  const pill = document.getElementById("new-pill");
  const { view, query } = inbox.dataset;
  let fresh = [];

  async function refresh() {
    const parts = parse(await fragment(`/live/inbox/${view}${query}`, { background: true, signal }));
    if (signal.aborted) return;
    htmx.swap({ text: parts.getElementById("rail-views").outerHTML, target: document.getElementById("rail-views"), swap: "outerMorph" });
    fresh = [...parts.querySelectorAll(".ticket-row")];
    if (!fresh.length !== !rowsOf(list).length) return whole();
    renew(fresh);
    const count = fresh.filter((row) => !document.getElementById(row.id)).length;
    if (!count || !(pane.scrollTop > 8 || list.matches(":hover"))) return settle();
    pill.textContent = `${count} new`;
    pill.hidden = false;
    announce(`${count} new ${count > 1 ? "tickets" : "ticket"}`);
    marks();
  }

  async function whole() {
    const html = await fragment(`/inbox/${view}${query}`, { background: true, signal });
    htmx.swap({ text: html, target: pane, swap: "innerHTML" });
  }

  function settle() {
    arrange(list, fresh);
    pill.hidden = true;
    marks();
  }

  function marks() {
    showSeen(rowsOf(list));
    show();
  }

  const later = soon(refresh, signal);
  pill.addEventListener("click", () => { pane.scrollTop = 0; settle(); }, { signal });
  for (const name of ["changed", "catch-up"]) document.addEventListener(`helpdesk:${name}`, later, { signal });
  document.addEventListener("helpdesk:seen", marks, { signal });
  marks();
}
