// A tray that slides up inside the phone's screen, as phones ask: a title and a few things to choose from.
import { h } from "../widget/dom.js";
import { sign } from "./sign.js";

export function tray(screen, title, items, above = "") {
  const before = document.activeElement;
  const close = () => {
    shade.remove();
    before?.isConnected && before.focus();
  };
  const box = h("div", { class: "tray", role: "dialog", "aria-modal": "true", "aria-label": title },
    h("p", { class: "tray-title" }, title), above,
    h("ul", {}, items.filter(Boolean).map(({ icon, label, run }) => h("li", {},
      h("button", { type: "button", onclick: () => { close(); run(); } }, sign(icon), h("span", {}, label))))),
    h("button", { type: "button", class: "tray-cancel", onclick: close }, "Cancel"));
  const shade = h("div", { class: "shade", onclick: (event) => event.target === shade && close(), onkeydown: (event) => {
    if (event.key === "Escape") close();
    if (event.key !== "Tab") return;
    const all = [...box.querySelectorAll("button")];
    const edge = event.shiftKey ? all[0] : all.at(-1);
    if (document.activeElement !== edge) return;
    event.preventDefault();
    (event.shiftKey ? all.at(-1) : all[0]).focus();
  } }, box);
  screen.querySelector(".shade")?.remove();
  screen.append(shade);
  box.querySelector("button").focus();
  return close;
}
