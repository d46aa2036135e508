// The home screen: a clock, and an icon for each app with how much is new.
import { h } from "../widget/dom.js";
import { APPS } from "./apps.js";
import { seen } from "./seen.js";
import { sign } from "./sign.js";

export function home(phone) {
  const now = new Date();
  return [
    h("div", { class: "face" },
      h("time", {}, now.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })),
      h("span", {}, now.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" }))),
    h("ul", { class: "icons" }, Object.entries(APPS).map(([app, { name }]) => {
      const news = seen.count(phone.here, app);
      return h("li", {}, h("button", { type: "button", class: `app-icon icon-${app}`, "aria-label": news ? `${name}, ${news} new` : name, onclick: () => phone.go(app) },
        h("span", { class: "tile" }, sign(app), news ? h("span", { class: "count" }, String(news)) : ""),
        h("span", { class: "name" }, name)));
    })),
    h("p", { class: "owner" }, phone.here.person.name, "’s phone"),
  ];
}
