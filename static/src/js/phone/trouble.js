// What can go wrong in the open app, in plain words.
import { h } from "../widget/dom.js";
import { APPS, can } from "./apps.js";
import { post } from "./api.js";
import { store } from "./seen.js";
import { sheet } from "./screens.js";

const UNREAD = "keep-unread";
export const keepsUnread = (app) => store(`${UNREAD}:${app}`) === "1";

export function trouble(root, phone) {
  const panel = root.querySelector("[data-trouble-list]");
  const title = root.querySelector("[data-trouble-title]");
  const said = root.querySelector("[data-trouble-said]");
  let drawn = "";

  async function make(one, on, words) {
    try {
      await post(`${phone.place()}/trouble`, JSON.stringify({ key: one.key, on, words }));
      said.textContent = one.switch ? "" : `Done: ${one.label}.`;
      await phone.look();
    } catch (problem) {
      said.textContent = problem.message;
    }
  }
  const described = (one, control) => h("li", { class: one.switch ? "" : "pressed" }, control, h("small", { id: `help-${one.key}` }, one.help));
  function row(one, on) {
    if (one.switch) {
      return described(one, h("label", { class: "switch" }, h("input", { type: "checkbox", role: "switch", checked: on.includes(one.key), "aria-describedby": `help-${one.key}`,
        onchange: ({ target }) => one.run ? one.run(target.checked) : make(one, target.checked) }), h("span", {}, one.label)));
    }
    if (one.key !== "elsewhere") return described(one, h("button", { type: "button", "aria-describedby": `help-${one.key}`, onclick: () => make(one, true) }, one.label));
    const words = h("input", { value: "We are on it.", "aria-label": "What the shop answers there", maxlength: 500 });
    return described(one, h("form", { class: "elsewhere", onsubmit: (event) => { event.preventDefault(); make(one, true, words.value); } }, words, h("button", { type: "submit" }, one.label)));
  }

  root.querySelector("[data-trouble-close]").addEventListener("click", () => sheet(root, "trouble", false));
  for (const one of root.querySelectorAll("[data-trouble-open]")) one.addEventListener("click", () => sheet(root, "trouble", true));

  return {
    draw({ app, trouble: known, person }) {
      const now = JSON.stringify([app, known[app], person?.id]);
      if (now === drawn) return;
      drawn = now;
      root.querySelector("[data-trouble]").dataset.app = app;
      title.textContent = app ? `Make trouble on ${APPS[app].name}` : "Make trouble";
      if (!app || !known[app]) {
        said.textContent = "";
        return panel.replaceChildren();
      }
      const { on, refusing } = known[app];
      const knobs = [...APPS[app].trouble];
      if (can(app, "read")) knobs.push({ key: UNREAD, group: "You", label: "Keep it unread", switch: true, help: "You look at the chat, and the shop is not told.", run: (yes) => { store(`${UNREAD}:${app}`, yes ? "1" : "0"); phone.look(); } });
      const groups = grouped(knobs);
      const focused = document.activeElement?.getAttribute("aria-describedby");
      panel.replaceChildren(...[...groups].map(([name, all]) => h("section", {}, h("h3", {}, name),
        name === "Answers" && refusing ? h("p", { class: "refusing", role: "status" }, refusing === 1 ? "The next answer will not get through." : `The next ${refusing} answers will not get through.`) : "",
        h("ul", {}, all.map((one) => row(one, keepsUnread(app) ? [...on, UNREAD] : on))))));
      if (focused) panel.querySelector(`[aria-describedby="${focused}"]`)?.focus();
      return undefined;
    },
  };
}

function grouped(knobs) {
  const groups = new Map();
  for (const one of knobs) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return groups;
}
