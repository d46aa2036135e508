// Mail as it was sent, or as plain text: one choice for all of it, kept for this agent in this browser.

import { read, write } from "../lib/store.js";

const root = document.documentElement;
const key = () => `mail-form:${document.body.dataset.agent}`;

export function mailForm(button, signal) {
  root.dataset.mail = read(key(), "designed");
  button.addEventListener("click", () => {
    const box = button.closest("#timeline-scroll");
    const before = button.getBoundingClientRect().top;
    root.dataset.mail = root.dataset.mail === "plain" ? "designed" : "plain";
    write(key(), root.dataset.mail);
    if (box) box.scrollTop += button.getBoundingClientRect().top - before; // what was clicked stays under the pointer
  }, { signal });
}
