// Who else looks at or answers a ticket. Nothing is stored anywhere: everybody repeats themselves, and silence for
// half a minute means gone.

import { emit } from "./socket.js";

const TTL = 30000;
const REPEAT = 20000;
const others = new Map(); // ticket → Map(agent id → {name, state, until})
let mine = null; // {ticket, state}

export function startPresence() {
  document.addEventListener("helpdesk:presence", ({ detail }) => {
    if (String(detail.agent.id) === document.body.dataset.agent) return; // my other tab
    const here = others.get(detail.ticket) ?? new Map();
    others.set(detail.ticket, here);
    if (detail.state === "gone") here.delete(detail.agent.id);
    else here.set(detail.agent.id, { name: detail.agent.name, state: detail.state, until: Date.now() + TTL });
    show();
  });
  document.addEventListener("helpdesk:who", say);
  document.addEventListener("helpdesk:connected", say);
  document.addEventListener("visibilitychange", say);
  window.addEventListener("pagehide", () => setMine(null));
  setInterval(say, REPEAT);
  setInterval(show, 5000);
}

export function setMine(ticket, state = "viewing") {
  if (mine && mine.ticket !== ticket) emit("presence", { ticket: mine.ticket, state: "gone" });
  const changed = mine?.ticket !== ticket || mine?.state !== state;
  mine = ticket ? { ticket, state } : null;
  if (changed) say();
}

function say() {
  if (mine && !document.hidden) emit("presence", mine);
}

export function show() {
  for (const place of document.querySelectorAll("[data-presence]")) {
    const text = words(Number(place.dataset.presence));
    if (place.textContent !== text) place.textContent = text;
  }
}

function words(ticket) {
  const now = Date.now();
  const here = [...(others.get(ticket)?.values() ?? [])].filter((one) => one.until > now);
  const doing = (state) => here.filter((one) => one.state === state).map((one) => one.name);
  return [[doing("replying"), "replying"], [doing("viewing"), "viewing"]]
    .filter(([names]) => names.length)
    .map(([names, verb]) => `${names.join(", ")} ${names.length > 1 ? "are" : "is"} ${verb}`)
    .join("; ");
}
