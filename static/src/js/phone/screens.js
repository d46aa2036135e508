// What an app shows: its head, and the conversation.
import { h, withLinks } from "../widget/dom.js";

export const APPS = {
  whatsapp: { name: "WhatsApp", shop: "Kopi & Co", about: "Business account" },
  telegram: { name: "Telegram", shop: "Kopi & Co", about: "bot" },
  messenger: { name: "Messenger", shop: "Kopi & Co", about: "Typically replies within minutes" },
  instagram: { name: "Instagram", shop: "kopi.and.co", about: "Kopi & Co" },
  line: { name: "LINE", shop: "Kopi & Co", about: "Official account" },
  viber: { name: "Viber", shop: "Kopi & Co", about: "Bot" },
  x: { name: "X", shop: "Kopi & Co", about: "@kopiandco" },
  email: { name: "Mail", shop: "Inbox", about: "" },
};
const SPRITE = document.querySelector("[data-phone]").dataset.icons;

export function sign(name, label = "") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `sign sign-${name}`);
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  svg.firstChild.setAttribute("href", `${SPRITE}#${name}`);
  return svg;
}

export const clock = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export function day(at) {
  const date = new Date(at);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 864e5);
  if (days < 2) return days ? "Yesterday" : "Today";
  return date.toLocaleDateString([], days < 7 ? { weekday: "long" } : { day: "numeric", month: "short" });
}

export function sheet(root, open) {
  root.querySelector("[data-cast]").classList.toggle("open", open);
  if (open) root.querySelector("[data-cast] [aria-current]")?.focus();
}

export function header(phone, title = "", back = () => phone.go()) {
  const { app } = phone.here;
  return h("header", { class: "bar" },
    h("button", { type: "button", class: "round", "aria-label": "Back", onclick: back }, sign("back")),
    app === "email" ? "" : h("span", { class: "shop", "aria-hidden": "true" }, "K"),
    h("div", { class: "title" }, h("strong", {}, title || APPS[app].shop),
      APPS[app].about && !title ? h("small", {}, APPS[app].about) : ""),
    app === "email" && !title ? h("button", { type: "button", class: "round", "aria-label": "Write a mail", onclick: () => phone.go("email", "new") }, sign("pen")) : "");
}

export function thread(phone, entries) {
  const items = [];
  let shown = "";
  const lastButtons = entries.findLast?.((one) => !one.mine && one.buttons.length);
  const answered = entries.at(-1)?.mine;
  for (const [n, entry] of entries.entries()) {
    const date = day(entry.at);
    if (date !== shown) items.push(h("li", { class: "day" }, h("span", {}, date)));
    shown = date;
    items.push(bubble(phone, entry, entries.slice(n + 1).some((later) => !later.mine), entry === lastButtons && !answered));
  }
  if (!entries.length) items.push(h("li", { class: "empty" }, `No messages yet. Write to ${APPS[phone.here.app].shop} below.`));
  return h("ol", { class: "thread", tabindex: "0", "aria-label": "Messages", "aria-live": "polite" }, items);
}

function bubble(phone, entry, read, fresh) {
  const state = entry.mine ? sign(read ? "checks" : "check", read ? "Read" : "Sent") : entry.status;
  return h("li", { class: `line ${entry.mine ? "mine" : "theirs"}${entry.status === "failed" ? " failed" : ""}` },
    h("div", { class: "bubble" }, entry.files.map(attachment),
      entry.text ? h("p", {}, withLinks(entry.text)) : "",
      h("span", { class: `meta${read ? " read" : ""}` }, h("time", { dateTime: entry.at }, clock(entry.at)), entry.mine || !state ? " " : " · ", state)),
    entry.buttons.length ? h("div", { class: `choices${fresh ? "" : " old"}` }, entry.buttons.map((one) =>
      h("button", { type: "button", onclick: () => phone.send({ button: one.payload }).catch((e) => phone.say(e.message)) }, one.label))) : "");
}

export function attachment(file) {
  if (file.picture) return h("a", { href: file.url, target: "_blank", rel: "noopener", class: "picture" }, h("img", { src: file.url, alt: file.name }));
  const size = file.size < 1e6 ? `${Math.max(1, Math.round(file.size / 1e3))} kB` : `${(file.size / 1e6).toFixed(1)} MB`;
  return h("a", { href: file.url, class: "file", download: file.name }, sign("file"), h("span", {}, file.name, h("small", {}, size)));
}
