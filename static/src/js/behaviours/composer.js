// Replies and notes: a draft for each, kept apart; sent without leaving the page; nothing lost when that fails.

import { setMine } from "../lib/presence.js";
import { clientId, restore, send } from "../lib/outgoing.js";
import { putBack, typed } from "../lib/readers.js";
import { read, write } from "../lib/store.js";

const QUIET = 20000; // after this without a key nobody is "replying" any more

export function composer(form, signal) {
  const text = form.querySelector("textarea");
  const files = form.querySelector('input[type="file"]');
  const mode = () => new FormData(form).get("mode");
  const draft = (which) => `draft:${form.dataset.agent}:${form.dataset.ticket}:${which}`;
  const ticket = Number(form.dataset.ticket);
  let shown = mode(), quiet;
  function fill(value) {
    text.value = value;
    text.placeholder = text.dataset[`${shown}Placeholder`];
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  text.addEventListener("input", () => {
    write(draft(shown), text.value);
    clearTimeout(quiet);
    if (!text.value) return setMine(ticket, "viewing");
    if (document.activeElement === text) setMine(ticket, "replying");
    quiet = setTimeout(setMine, QUIET, ticket, "viewing");
  }, { signal });
  form.addEventListener("change", (event) => {
    if (event.target.name !== "mode") return;
    shown = mode(); // what was written in the other mode is kept already
    fill(read(draft(shown), ""));
    text.focus();
  }, { signal });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit([...form.querySelectorAll("[data-send]")].find((one) => one.offsetParent && !one.disabled));
  }, { signal });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!text.value.trim() && !files.files.length) return text.focus();
    const entry = { client_id: clientId(), mode: shown, text: text.value, files: [...files.files], action: `/tickets/${ticket}/${shown === "note" ? "notes" : "replies"}`,
      then: event.submitter?.name === "then" ? event.submitter.value : "", route: shown === "reply" ? form.elements.route?.value : "", ...(shown === "reply" ? typed(form) : {}) };
    files.value = "";
    files.dispatchEvent(new Event("change", { bubbles: true }));
    fill("");
    send(form, entry);
  }, { signal });
  form.addEventListener("composer:restore", ({ detail }) => {
    form.querySelector(`[name="mode"][value="${detail.mode}"]`).click();
    fill(detail.text);
    putBack(form, detail);
    text.focus();
  }, { signal });
  signal.addEventListener("abort", () => clearTimeout(quiet));
  fill(read(draft(shown), ""));
  restore(form);
}
