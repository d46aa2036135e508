// What stands around the conversation: the greeting, what follows the last message, the menu and the way to a person.
import { confirmCard } from "./confirm.js";
import { contactCard } from "./contact.js";
import { h, icon } from "./dom.js";
import { prechatCard } from "./prechat.js";
import { current, opening, t } from "./text.js";

const language = (locale) => locale.split("-")[0];

// questions: what is to be asked first; while one of them must be answered, there is nothing else to press.
export function greeting(config, say, person, questions, answer, skip, help) {
  const must = questions.some((one) => one.required);
  const head = [h("h2", { dir: "auto" }, t("greeting")), !must && h("p", { class: "hint" }, t("hint")),
    questions.length > 0 && prechatCard(questions, answer, skip)].filter(Boolean);
  return must ? head : [
    ...head,
    config.help && h("button", { type: "button", class: "topic search", onclick: help }, icon("search"), t("help")),
    h("div", { class: "topics" }, config.topics.filter((topic) => language(topic.locale) === language(current())).map((topic) =>
      h("button", { type: "button", class: "topic", dir: "auto", onclick: () => say(topic.title) }, topic.title))),
    config.person && h("button", { type: "button", class: "topic person", onclick: person }, icon("person"), t("person")),
  ].filter(Boolean);
}

// wants: which of settled, away, note (a sentence), contact, confirm and asking are due.
export function ending(wants, state, { save, later, stay, leave, code }) {
  return [
    wants.settled && h("p", { class: "notice" }, t("resolved")),
    wants.away && h("p", { class: "notice" }, t("awayLong", { time: opening(new Date(state.hours.opens_at)) })),
    wants.note && h("p", { class: "notice" }, wants.note),
    wants.contact && contactCard(state, save, later),
    wants.confirm && confirmCard(wants.confirm, code),
    wants.asking && h("div", { class: "card", role: "group" }, h("p", { class: "title" }, t("freshAsk")), h("div", { class: "row" },
      h("button", { type: "button", class: "link", onclick: stay }, t("no")),
      h("button", { type: "button", class: "primary", onclick: leave }, t("yes")))),
  ].filter(Boolean);
}

export function menuItems(person, fresh, help) {
  return [
    h("button", { type: "button", role: "menuitem", onclick: person }, icon("person"), t("person")),
    h("button", { type: "button", role: "menuitem", onclick: fresh }, icon("fresh"), t("fresh")),
    help && h("button", { type: "button", role: "menuitem", onclick: help }, icon("search"), t("help")),
  ].filter(Boolean);
}

export function personChip(person) {
  return h("button", { type: "button", class: "chip", onclick: person }, icon("person"), t("person"));
}

export function standing({ agent, hours }) {
  if (agent) return agent;
  if (hours.open) return t("open");
  return hours.opens_at ? t("away", { time: opening(new Date(hours.opens_at)) }) : "";
}
