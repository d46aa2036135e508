// Single keys. Never while somebody types, with a modifier, or while an input method composes; can be switched off.

import { read, write } from "../lib/store.js";

const OFF = "shortcuts-off";
const GO = { i: "/inbox", c: "/contacts", a: "/articles", r: "/reports", s: "/settings" };

export function shortcuts(body, signal) {
  let going = 0;

  function move(step) {
    const links = [...document.querySelectorAll(".ticket-row > a")];
    const at = links.findIndex((link) => link === document.activeElement);
    const from = at < 0 ? links.findIndex((link) => link.hasAttribute("aria-current")) : at;
    links[Math.max(0, Math.min(links.length - 1, from + step))]?.focus();
  }

  function press(key) {
    const element = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find((one) => one.closest("#ticket") && !one.closest("[hidden]"));
    if (!element) return false;
    element.click();
    if (element.matches("[type=radio]")) element.form.querySelector("textarea").focus();
    if (element.matches("summary")) element.nextElementSibling.querySelector("button, a, input")?.focus();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (typing && event.key === "Escape") return event.target.blur();
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]") || read(OFF, false)) return;
    const acts = {
      j: () => move(1), k: () => move(-1),
      o: () => document.activeElement.closest(".ticket-row > a")?.click(),
      u: () => document.querySelector("a[data-back]")?.click(), Escape: () => document.querySelector("a[data-back]")?.click(),
      "/": () => document.querySelector("[data-key-focus]")?.focus(),
      "?": () => document.getElementById("shortcuts")?.showModal(),
      g: () => { going = Date.now(); },
    };
    if (Date.now() - going < 1200 && GO[event.key]) location.assign(GO[event.key]);
    else if (acts[event.key]) acts[event.key]();
    else if (!press(event.key)) return;
    event.preventDefault();
  }, { signal });
}

export function shortcutSwitch(element, signal) {
  const box = element.querySelector("input");
  box.checked = !read(OFF, false);
  box.addEventListener("change", () => write(OFF, box.checked ? null : true), { signal });
}
