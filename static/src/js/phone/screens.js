// What an app shows: its head, and the conversation.
import { h } from "../widget/dom.js";
import { APPS } from "./apps.js";
import { bubble } from "./bubble.js";
import { sign } from "./sign.js";
import { day } from "./times.js";

export function sheet(root, name, open) {
  root.querySelector(`[data-${name}]`).classList.toggle("open", open);
  root.querySelector(open ? `[data-${name}] [data-${name}-close]` : `[data-${name}-open]`)?.focus();
}

export const about = ({ here }) => here.typing.includes(here.app) ? "is writing …" : APPS[here.app].about;

export function header(phone, title = "", back = () => phone.go()) {
  const { app } = phone.here;
  return h("header", { class: "bar" },
    h("button", { type: "button", class: "round", "aria-label": "Back", onclick: back }, sign("back")),
    app === "email" ? "" : h("span", { class: "shop", "aria-hidden": "true" }, "K"),
    h("div", { class: "title" }, h("strong", {}, title || APPS[app].shop), app !== "email" && !title ? h("small", {}, about(phone)) : ""),
    app === "email" && !title ? h("button", { type: "button", class: "round", "aria-label": "Write a mail", onclick: () => phone.go("email", "new") }, sign("pen")) : "");
}

// The messages of an app. fill(list, entries) draws them again and leaves alone what is as it was: a voice note goes on
// playing. `list.atEnd`: the person has not scrolled up.
export function thread(phone, entries) {
  const list = h("ol", { class: "thread", tabindex: "0", "aria-label": "Messages", "aria-live": "polite" });
  list.drawn = new Map();
  list.atEnd = true;
  list.addEventListener("scroll", () => { list.atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60; });
  list.addEventListener("load", () => toEnd(list), true); // a picture that came later pushes the end away
  fill(phone, list, entries);
  return list;
}

export const toEnd = (list) => { if (list.atEnd) list.scrollTop = 1e9; };

export function fill(phone, list, entries) {
  const { app, typing } = phone.here;
  const before = list.drawn;
  list.drawn = new Map();
  const items = [];
  function put(key, state, make) {
    const known = before.get(key);
    const kept = known?.state === state ? known : { state, item: make() };
    list.drawn.set(key, kept);
    items.push(kept.item);
  }
  let shown = "";
  const byId = new Map(entries.map((one, n) => [one.id, n]));
  const lastButtons = entries.findLast((one) => !one.mine && one.buttons.length);
  const lastOfShop = entries.findLastIndex((one) => !one.mine);
  for (const [n, entry] of entries.entries()) {
    const date = day(entry.at);
    if (date !== shown) put(`day ${date}`, "", () => h("li", { class: "day" }, h("span", {}, date)));
    shown = date;
    const parent = byId.get(entry.replies_to);
    const about = { answered: n < lastOfShop, fresh: entry === lastButtons && !entries.at(-1).mine, parent: parent < n - 1 ? entries[parent] : null };
    put(entry.id, JSON.stringify([entry, about]), () => bubble(phone, entry, about));
  }
  if (!entries.length) put("empty", "", () => h("li", { class: "empty" }, `No messages yet. Write to ${APPS[app].shop} below.`));
  if (typing.includes(app)) put("typing", "", () => h("li", { class: "line theirs writing" }, h("div", { class: "bubble", role: "img", "aria-label": "The shop is writing" }, h("i"), h("i"), h("i"))));
  items.forEach((item, n) => list.children[n] !== item && list.insertBefore(item, list.children[n] ?? null));
  while (list.children.length > items.length) list.lastChild.remove();
  toEnd(list);
}
