// The way an answer takes: its limits, its closing time and the reason it is offered, always in sight.

import { duration } from "../lib/times.js";

export function route(select, signal) {
  const form = select.form;
  const text = form.querySelector("textarea");
  const counter = form.querySelector("[data-counter]");
  const strip = form.querySelector("[data-strip]");
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
    const parts = [];
    if (left !== null) {
      const closes = document.createElement("span");
      closes.className = left > 0 ? "closes" : "bad";
      closes.textContent = left > 0 ? `Free replies close in ${duration(left)}` : "The time for free replies is over";
      parts.push(closes);
    }
    const why = document.createElement("span");
    why.textContent = option?.dataset.why ?? "";
    if (option?.dataset.files === "-1") why.textContent += " No files here.";
    parts.push(why);
    const closed = !option || option.disabled || option.dataset.templates || (left !== null && left <= 0);
    if (option?.dataset.templates) {
      const choose = document.createElement("a");
      choose.className = "button small";
      choose.href = option.dataset.templates;
      choose.textContent = "Choose a template";
      parts.push(choose);
    }
    strip.replaceChildren(...parts);
    signature.textContent = option?.dataset.signature ?? "";
    signature.hidden = !signature.textContent;
    for (const button of form.querySelectorAll(".reply-only [data-send]")) button.disabled = closed;
    count();
  }

  select.addEventListener("change", show, { signal });
  form.addEventListener("input", count, { signal });
  form.addEventListener("change", count, { signal });
  const timer = setInterval(show, 30000);
  signal.addEventListener("abort", () => clearInterval(timer));
  show();
}
