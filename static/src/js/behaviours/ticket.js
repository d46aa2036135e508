// An open ticket: catches up with what came after the last number it has seen, whoever says that there is something.

import htmx from "htmx.org";
import { fragment, parse } from "../lib/http.js";
import { setMine, show } from "../lib/presence.js";
import { read, write } from "../lib/store.js";
import { watch } from "../lib/socket.js";
import { atEnd, put, toEnd } from "../lib/timeline.js";

const WATCHED = 20; // the latest messages whose delivery may still move

export function ticket(element, signal) {
  const id = Number(element.dataset.ticket);
  let seq = Number(element.dataset.seq);
  let running = false;
  let again = false;

  async function catchUp() {
    if (running) return void (again = true);
    running = true;
    const follow = atEnd();
    const moving = [...element.querySelectorAll('.message[data-delivery]:not([data-delivery="read"])')].slice(-WATCHED);
    try {
      const html = await fragment(`/tickets/${id}/timeline?after=${seq}&watch=${moving.map((one) => one.dataset.message)}`, { background: true, signal });
      if (!signal.aborted) apply(parse(html), follow);
    } catch { /* the next call asks for the same again */ }
    running = false;
    if (again) { again = false; catchUp(); }
  }

  function apply(parts, follow) {
    for (const part of ["ticket-header", "contact-panel"]) {
      const here = document.getElementById(part);
      const open = here.classList.contains("open");
      const next = parts.getElementById(part);
      next.classList.toggle("open", open);
      if (!here.querySelector(".menu[open]")) htmx.swap({ text: next.outerHTML, target: here, swap: "outerMorph" }).then(show);
    }
    for (const option of parts.querySelectorAll("#route option")) {
      const mine = [...element.querySelectorAll("#route option")].find((one) => one.value === option.value);
      if (mine) { mine.disabled = option.disabled; Object.assign(mine.dataset, option.dataset); }
    }
    element.querySelector("#route")?.dispatchEvent(new Event("change"));
    const timeline = parts.getElementById("timeline");
    for (const item of [...timeline.children]) put(item, follow);
    seq = Math.max(seq, Number(timeline.dataset.seq));
    seen();
  }

  function seen() {
    const all = read("seen", {});
    all[id] = seq;
    const ids = Object.keys(all);
    if (ids.length > 500) for (const old of ids.slice(0, 100)) delete all[old];
    write("seen", all);
    document.dispatchEvent(new CustomEvent("helpdesk:seen"));
  }

  const mine = ({ detail }) => detail.ticket === id && catchUp();
  document.addEventListener("helpdesk:changed", mine, { signal });
  document.addEventListener("helpdesk:delivery", mine, { signal });
  document.addEventListener("helpdesk:catch-up", catchUp, { signal });
  document.addEventListener("htmx:after:swap", ({ detail }) => detail.ctx.target?.id === "ticket-header" && detail.ctx.request && catchUp(), { signal });
  signal.addEventListener("abort", () => { watch(null); setMine(null); });
  watch(id);
  setMine(id);
  seen();
  toEnd();
}
