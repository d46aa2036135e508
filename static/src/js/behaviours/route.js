// The way an answer takes: its limits, its closing time and the reason it is offered, always in sight. When it closes,
// the template and the next way are a click away.

import { duration } from "../lib/times.js";

export function route(select, signal) {
  const form = select.form;
  const text = form.querySelector("textarea");
  const counter = form.querySelector("[data-counter]");
  const strip = form.querySelector("[data-strip]");
  const current = strip.querySelector("[data-closed]");       // the way they wrote last, while another one is chosen
  const signature = form.querySelector("[data-signature]:not(option)");

  function count() {
    const limit = Number(select.selectedOptions[0]?.dataset.limit ?? 0);
    const length = [...text.value].length;
    const reply = form.elements.mode.value === "reply";
    counter.textContent = !reply || !limit || !length ? "" : length > limit
      ? `${length} / ${limit}: goes out in ${Math.ceil(length / limit)} parts` : `${length} / ${limit}`;
    counter.classList.toggle("bad", reply && length > limit);
  }

  function show() {
    const option = select.selectedOptions[0];
    const left = option?.dataset.closes ? (Date.parse(option.dataset.closes) - Date.now()) / 1000 : null;
    const closed = !option || option.disabled || "templates" in option.dataset || (left !== null && left <= 0);
    const parts = [];
    if (left !== null) parts.push(words(left > 0 ? `Free replies close in ${duration(left)}` : "The time for free replies is over", left > 0 ? "closes" : "bad"));
    parts.push(words(`${option?.dataset.why ?? ""}${option?.dataset.files === "-1" ? " No files here." : ""}`, option && "doubt" in option.dataset ? "bad" : ""));
    if (option?.dataset.templates) parts.push(Object.assign(button("a", "Choose a template"), { href: option.dataset.templates }));
    const next = closed && [...select.options].find((one) => one !== option && !one.disabled && !("templates" in one.dataset));
    if (next) {
      const change = button("button", `Answer by ${next.textContent.trim()}`);
      Object.assign(change, { type: "button" }).dataset.use = next.value;
      parts.push(change);
    }
    strip.querySelector("[data-now]").replaceChildren(...parts);
    if (current) current.hidden = current.dataset.closed === select.value;
    for (const item of form.querySelectorAll("[data-way]")) item.classList.toggle("chosen-way", item.dataset.way === select.value);
    signature.textContent = option?.dataset.signature ?? "";
    signature.hidden = !signature.textContent;
    for (const one of form.querySelectorAll(".reply-only [data-send]")) one.disabled = closed;
    count();
  }

  form.addEventListener("click", ({ target }) => {
    const key = target.closest("[data-use]")?.dataset.use;
    if (!key) return;
    select.value = key;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    const list = form.querySelector(".ways");
    if (list) list.open = false;
    text.focus();
  }, { signal });
  select.addEventListener("change", show, { signal });
  form.addEventListener("input", count, { signal });
  form.addEventListener("change", count, { signal });
  const timer = setInterval(show, 30000);
  signal.addEventListener("abort", () => clearInterval(timer));
  show();
}

function words(text, name) {
  return Object.assign(document.createElement("span"), { className: name, textContent: text });
}

function button(tag, text) {
  return Object.assign(document.createElement(tag), { className: "button small", textContent: text });
}
