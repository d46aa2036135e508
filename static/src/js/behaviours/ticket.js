// An open ticket: catches up with what came after the last number it has seen, whoever says that there is something.

import htmx from "htmx.org";
import { fragment, parse } from "../lib/http.js";
import { becameAnother } from "../lib/merged.js";
import { setMine, show } from "../lib/presence.js";
import { markSeen } from "../lib/seen.js";
import { watch } from "../lib/socket.js";
import { atEnd, put, toEnd } from "../lib/timeline.js";

const WATCHED = 20; // the latest messages whose delivery may still move

export function ticket(element, signal) {
  const id = Number(element.dataset.ticket);
  const parts = element.dataset.parts; // what was merged into it, as the page shows it
  let seq = Number(element.dataset.seq);
  let running = false;
  let again = false;

  async function catchUp() {
    again = running;
    if (running) return;
    running = true;
    const moving = [...element.querySelectorAll('.message[data-delivery]:not([data-delivery="read"])')].slice(-WATCHED);
    const follow = atEnd();
    try {
      const html = await fragment(`/tickets/${id}/timeline?after=${seq}&watch=${moving.map((one) => one.dataset.message)}`, { background: true, signal });
      if (!signal.aborted) apply(parse(html), follow);
    } catch { /* the next call asks for the same again */ }
    running = false;
    if (again) catchUp();
  }

  function apply(fresh, follow) {
    if (becameAnother(fresh, id, parts)) return;
    for (const part of ["ticket-header", "contact-panel"]) {
      const old = document.getElementById(part);
      const next = fresh.getElementById(part);
      next.classList.toggle("open", old.classList.contains("open"));
      for (const fold of old.querySelectorAll("details.fold[open]")) next.querySelector(`#${fold.id}`)?.setAttribute("open", "");
      if (!old.querySelector(".menu[open]")) htmx.swap({ text: next.outerHTML, target: old, swap: "outerMorph" }).then(show);
    }
    const mine = element.querySelector("#route");
    for (const option of fresh.querySelectorAll("#route option")) {
      const known = [...(mine?.options ?? [])].find((one) => one.value === option.value);
      if (known) { known.disabled = option.disabled; delete known.dataset.templates; Object.assign(known.dataset, option.dataset); }
    }
    mine?.dispatchEvent(new Event("change"));
    const timeline = fresh.getElementById("timeline");
    for (const item of document.querySelectorAll("#timeline > .later")) if (!timeline.querySelector(`#${item.id}`)) item.remove();
    for (const item of [...timeline.children]) put(item, follow);
    seq = Math.max(seq, Number(timeline.dataset.seq));
    element.dataset.seq = seq;
    markSeen(id, seq);
  }

  const about = ({ detail }) => (detail.ticket === id || parts.split(",").includes(String(detail.ticket))) && catchUp();
  for (const name of ["changed", "delivery"]) document.addEventListener(`helpdesk:${name}`, about, { signal });
  document.addEventListener("helpdesk:catch-up", catchUp, { signal });
  document.addEventListener("htmx:after:swap", ({ detail }) => detail.ctx.request && detail.ctx.target?.id === "ticket-header" && catchUp(), { signal });
  signal.addEventListener("abort", () => { watch(null); setMine(null); });
  watch(id);
  setMine(id);
  markSeen(id, seq);
  toEnd();
}
