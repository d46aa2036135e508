// Suggested answers beside a ticket: into the composer behind what is written there, as text, link or file. Never sent.

import htmx from "htmx.org";
import { fragment } from "../lib/http.js";
import { toast } from "../lib/toast.js";

export function suggest(panel, signal) {
  const ticket = Number(panel.dataset.ticket);

  function write(words) {
    const composer = document.getElementById("composer");
    const text = composer.querySelector("textarea");
    text.value = text.value.trim() ? `${text.value.trimEnd()}\n\n${words}` : words;
    text.dispatchEvent(new Event("input", { bubbles: true })); // keeps it as a draft
    text.focus();
    text.setSelectionRange(text.value.length, text.value.length);
    text.scrollTop = text.scrollHeight;
  }

  function attach(name, words) {
    const field = document.querySelector('#composer input[type="file"]');
    const carrier = new DataTransfer();
    for (const file of field.files) carrier.items.add(file);
    carrier.items.add(new File([words], name, { type: "text/plain" }));
    field.files = carrier.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  panel.addEventListener("submit", (event) => {
    const one = event.target.closest("[data-suggestion]");
    if (!one) return;
    event.preventDefault();
    const how = event.submitter?.value ?? "inserted";
    const words = one.querySelector("[data-text]").textContent;
    if (how === "linked") write(`${one.dataset.title}: ${one.dataset.url}`);
    else if (how === "attached") attach(`${one.dataset.slug || "article"}.txt`, `${one.dataset.title}\n\n${words}\n`);
    else write(words);
    document.querySelector(".contact-panel.open [data-drawer-close]")?.click(); // on a phone the composer lies below
    const body = new FormData();
    body.set("how", how);
    fragment(`/tickets/${ticket}/suggestions/${one.dataset.suggestion}`, { body }).catch((error) => toast(error.message, "bad"));
  }, { signal });

  document.addEventListener("helpdesk:changed", ({ detail }) => {
    if (detail.ticket !== ticket || detail.event !== "MessageReceived" || panel.querySelector("[name=q]").value) return;
    htmx.ajax("GET", `/tickets/${ticket}/suggestions`, { target: "#suggest-list", swap: "innerHTML" });
  }, { signal });
}
