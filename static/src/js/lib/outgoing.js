// Messages on their way to the server. What could not be sent stays: as a bubble with Resend and Edit, and (its text)
// in the browser's store. The server knows each by its client_id, so sending twice keeps one.

import { fragment, parse } from "./http.js";
import { put } from "./timeline.js";
import { read, write } from "./store.js";

// randomUUID exists on secure origins only.
export const clientId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const key = (form) => `unsent:${form.dataset.agent}:${form.dataset.ticket}`;

export function show(form, entry) {
  const item = form.querySelector("[data-pending]").content.firstElementChild.cloneNode(true);
  item.dataset.client = entry.client_id;
  item.classList.toggle("note", entry.mode === "note");
  item.querySelector(".text").textContent = entry.text || entry.files.map((file) => file.name).join(", ");
  item.querySelector("[data-resend]").addEventListener("click", () => send(form, entry));
  item.querySelector("[data-edit]").addEventListener("click", () => {
    forget(form, entry);
    item.remove();
    form.dispatchEvent(new CustomEvent("composer:restore", { detail: entry }));
  });
  put(item, true);
  form.dispatchEvent(new CustomEvent("composer:sent"));
  return item;
}

export async function send(form, entry) {
  const item = document.querySelector(`[data-client="${entry.client_id}"]`) ?? show(form, entry);
  state(item, "");
  const body = new FormData();
  for (const name of ["text", "route", "to", "cc", "bcc", "then", "client_id"]) if (entry[name]) body.set(name, entry[name]);
  for (const file of entry.files) body.append("files", file);
  remember(form, entry);
  try {
    const html = await fragment(entry.action, { body });
    forget(form, entry);
    put(parse(html).querySelector("li"), true);
    document.dispatchEvent(new CustomEvent("helpdesk:changed", { detail: { ticket: Number(form.dataset.ticket), mine: true } }));
  } catch (error) {
    state(item, error.message);
  }
}

export function restore(form) {
  for (const entry of read(key(form), [])) state(show(form, { ...entry, files: [] }), "This was not sent yet.");
}

function state(item, problem) {
  item.querySelector("[data-going]").hidden = Boolean(problem);
  item.querySelector("[data-failed]").hidden = !problem;
  item.querySelector("[data-problem]").textContent = problem;
}

function remember(form, { files, ...entry }) {
  write(key(form), [...read(key(form), []).filter((one) => one.client_id !== entry.client_id), entry]);
}

function forget(form, entry) {
  const left = read(key(form), []).filter((one) => one.client_id !== entry.client_id);
  write(key(form), left.length ? left : null);
}
