// Messages on their way to the server. What could not be sent stays: as a bubble with Resend and Edit, and (its text)
// in the browser's store. The server knows each by its client_id, so sending twice keeps one. What only lacked a
// connection is sent by itself when there is one again, in the order in which it was written, also when another ticket
// is open by then. After a reload it waits for a press: what was attached is gone, and much may have been said since.

import { fragment, parse } from "./http.js";
import { put } from "./timeline.js";
import { read, write } from "./store.js";
import { toast } from "./toast.js";

const WAITS = "No connection. It is sent by itself as soon as there is one.";
const waiting = new Map(); // client_id → [form, entry, confirmed]
const going = new Set(); // client_ids
const NOBODY_THERE = [0, 502, 503, 504]; // no line, or a proxy before a helpdesk that starts
let flushing = false;

document.addEventListener("helpdesk:connected", flush);
document.addEventListener("helpdesk:reachable", ({ detail }) => detail.reachable && flush());

async function flush() {
  if (flushing || !waiting.size) return;
  flushing = true;
  for (const [form, entry, confirmed] of waiting.values()) if (await send(form, entry, confirmed) === false) break;
  flushing = false;
}

const isOpen = (form) => document.getElementById("ticket")?.dataset.ticket === form.dataset.ticket;
const bubble = (entry) => document.querySelector(`.pending[data-client="${entry.client_id}"]`);

// randomUUID exists on secure origins only.
export const clientId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const key = (form) => `unsent:${form.dataset.agent}:${form.dataset.ticket}`;

export function show(form, entry) {
  const item = form.querySelector("[data-pending]").content.firstElementChild.cloneNode(true);
  item.dataset.client = entry.client_id;
  item.classList.toggle("note", entry.mode === "note");
  item.querySelector(".text").textContent = entry.text || entry.files.map((file) => file.name).join(", ");
  item.querySelector("[data-resend]").addEventListener("click", () => send(form, entry));
  item.querySelector("[data-anyway]").addEventListener("click", () => send(form, entry, item.querySelector("[data-token]").dataset.token));
  for (const button of item.querySelectorAll("[data-edit]")) button.addEventListener("click", () => {
    forget(form, entry);
    item.remove();
    form.dispatchEvent(new CustomEvent("composer:restore", { detail: entry }));
  });
  put(item, true);
  form.dispatchEvent(new CustomEvent("composer:sent"));
  return item;
}

// confirmed: what the server asked before, and was told. Returns false when there is no connection.
export async function send(form, entry, confirmed = "") {
  if (going.has(entry.client_id)) return;
  const item = bubble(entry) ?? (isOpen(form) ? show(form, entry) : null);
  if (waiting.size && !waiting.has(entry.client_id)) { // not before what was written earlier
    waiting.set(entry.client_id, [form, entry, confirmed]);
    remember(form, entry);
    state(item, WAITS);
    return flush();
  }
  going.add(entry.client_id);
  state(item, "");
  const body = new FormData();
  for (const name of ["text", "route", "to", "cc", "bcc", "then", "client_id", "seen", "wait", "leaves", "remember"]) if (entry[name]) body.set(name, entry[name]);
  if (confirmed) body.set("confirmed", confirmed);
  if (entry.actions?.length) body.set("actions", JSON.stringify(entry.actions.map((one) => one.action)));
  for (const one of entry.kept ?? []) body.append("kept", one.word);
  for (const file of entry.files) body.append("files", file);
  remember(form, entry);
  try {
    const html = await fragment(entry.action, { body });
    forget(form, entry);
    if (isOpen(form)) put(parse(html).querySelector("li"), true);
    else toast(`Your message in ticket #${form.dataset.ticket} is sent now.`, "good");
    document.dispatchEvent(new CustomEvent("helpdesk:changed", { detail: { ticket: Number(form.dataset.ticket), mine: true } }));
  } catch (error) {
    if (error.status === 409 && error.body?.includes("data-token") && isOpen(form)) ask(bubble(entry), parse(error.body));
    else if (NOBODY_THERE.includes(error.status)) {
      waiting.set(entry.client_id, [form, entry, confirmed]);
      state(bubble(entry), WAITS);
      return false;
    } else state(bubble(entry), error.message);
    waiting.delete(entry.client_id);
    if (!isOpen(form)) toast(`A message in ticket #${form.dataset.ticket} was not sent.`, "bad", { href: `/tickets/${form.dataset.ticket}`, label: "Open" });
  } finally {
    going.delete(entry.client_id);
  }
}

function ask(item, doubts) {
  state(item, "");
  item.querySelector("[data-going]").hidden = true;
  item.querySelector("[data-doubts]").replaceChildren(doubts);
  item.querySelector("[data-ask]").hidden = false;
  item.scrollIntoView({ block: "end" });
  item.querySelector("[data-ask] [data-edit]").focus({ preventScroll: true });
}

export function restore(form) {
  for (const kept of read(key(form), [])) {
    const [, entry] = waiting.get(kept.client_id) ?? [];
    state(show(form, entry ?? { ...kept, files: [] }), entry ? WAITS : going.has(kept.client_id) ? "" : "This was not sent yet.");
  }
}

function state(item, problem) {
  if (!item) return;
  item.querySelector("[data-going]").hidden = Boolean(problem);
  item.querySelector("[data-failed]").hidden = !problem;
  item.querySelector("[data-ask]").hidden = true;
  item.querySelector("[data-problem]").textContent = problem;
}

function remember(form, { files, ...entry }) {
  write(key(form), [...read(key(form), []).filter((one) => one.client_id !== entry.client_id), entry]);
}

function forget(form, entry) {
  waiting.delete(entry.client_id);
  const left = read(key(form), []).filter((one) => one.client_id !== entry.client_id);
  write(key(form), left.length ? left : null);
}
