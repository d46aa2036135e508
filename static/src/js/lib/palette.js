// Everything the person may do, by typing: what the page offers (its verbs and menus), the places to go to, and tickets,
// people and articles by name, number or words. Menus open as a page of their own; Backspace goes back.

import { fragment } from "./http.js";
import { best } from "./fuzzy.js";
import { toast } from "./toast.js";
import { t } from "./words.js";

const SHOWN = 12;
const PAUSE = 150; // ms after the last key before the house is asked

const dialog = document.getElementById("palette");
const input = dialog.querySelector("input"), chip = dialog.querySelector(".chip"), list = dialog.querySelector("[role=listbox]"), foot = dialog.querySelector(".palette-foot");
let places = null, menu = null, shown = [], at = 0, asked = null, timer = 0, listening = false;

export function open() {
  if (dialog.open) return dialog.close();
  if (!listening) listen();
  dialog.showModal();
  into(null);
  if (!places) fragment("/palette").then((found) => { places = JSON.parse(found); if (!menu) show(); }, (error) => { foot.textContent = error.message; });
}

function listen() {
  listening = true;
  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) mark((at + step + shown.length) % (shown.length || 1));
    else if (event.key === "Enter") run(shown[at]);
    else if (menu && (event.key === "Escape" || (event.key === "Backspace" && !input.value))) into(null);
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) run(shown[[...list.querySelectorAll("[role=option]")].indexOf(option)]);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}

function into(command) {
  menu = command;
  chip.hidden = !menu;
  chip.textContent = menu?.words ?? "";
  input.value = "";
  show();
}

// What is known here is drawn at once, so that Enter right after the last key runs what was typed.
function show() {
  const q = input.value.trim();
  asked?.abort();
  clearTimeout(timer);
  if (menu) return draw(best(menu.choices(), q, SHOWN * 4), q);
  const fitting = best([...onThisPage(), ...(places ?? [])], q, SHOWN);
  draw(fitting, q);
  if (q.length < 2 && !/^#?\d/.test(q)) return;
  timer = setTimeout(async () => {
    asked = new AbortController();
    try {
      const found = JSON.parse(await fragment(`/palette/found?q=${encodeURIComponent(q)}`, { signal: asked.signal }));
      draw([...fitting, ...found], q, at);
    } catch (error) {
      if (error.name !== "AbortError") foot.textContent = error.message;
    }
  }, PAUSE);
}

// The verbs of the ticket or of the selected rows, as the page itself has them: what may not be done is not there.
function onThisPage() {
  const found = [];
  const add = (element, group) => {
    const words = heading(element) + label(element);
    if (words && !element.disabled && !element.closest("[hidden]")) found.push({ group, words, key: element.dataset.key, run: () => press(element) });
  };
  const ticket = document.getElementById("ticket"), number = ticket?.dataset.ticket && `#${ticket.dataset.ticket}`;
  for (const area of document.querySelectorAll("[data-commands], #ticket-header")) {
    const group = area.dataset.commands ?? number;
    for (const one of area.querySelectorAll("form:not(.menu form, .add-tag, .row) > button, a[data-key]:not(.menu a), .menu:not(.start) .items > :is(a, button, form:not(.row)) :is(button:only-child, .item), .menu:not(.start) .items > :is(a, button).item")) if (!one.closest(".badge")) add(one, group);
    for (const one of area.querySelectorAll(".menu.start")) {
      const title = one.querySelector("summary").title.replace(/ \(.\)$/, "");
      if (title) found.push({ group, words: `${title} …`, key: one.querySelector("summary").dataset.key, choices: () => [...one.querySelectorAll(".items :is(button, a)")].map((item) => ({ words: label(item), run: () => press(item) })) });
    }
  }
  for (const one of document.querySelectorAll("#ticket :is(.mode input, [data-command])")) add(one, number);
  return found;
}

function label(element) {
  if (element.matches(".mode input")) return element.closest("label").title || t("Write: {what}", { what: element.closest("label").innerText.trim() });
  return (element.dataset.command || element.getAttribute("aria-label") || element.querySelector(".grow, span")?.textContent || element.textContent).replace(/\s+/g, " ").trim();
}

// In a menu with sections, which one: "Snooze: until tomorrow".
function heading(element) {
  let one = element.closest(".menu .items > *");
  while (one && !one.matches("h3")) one = one.previousElementSibling;
  return one && one !== one.parentElement.querySelector("h3:last-of-type") ? `${one.textContent.trim()}: ` : "";
}

function press(element) {
  element.click();
  if (element.matches(".mode input")) element.form.querySelector("textarea").focus();
}

function run(command) {
  if (!command) return;
  if (command.choices) return into(command);
  dialog.close();
  if (command.href) location.assign(command.href);
  else if (command.run) command.run();
  else toast(t("That is gone. Open the list again."), "bad");
}

function draw(commands, q, marked = 0) {
  const groups = [...new Set(commands.map((command) => command.group))];
  shown = groups.flatMap((one) => commands.filter((command) => command.group === one)); // the best group first
  list.replaceChildren();
  let group;
  shown.forEach((command, index) => {
    if (command.group && command.group !== group) list.append(element("h3", "", (group = command.group)));
    const option = element("div", "item", "");
    option.id = `palette-${index}`;
    option.setAttribute("role", "option");
    const words = element("span", "clip grow", command.words);
    words.dir = "auto";
    option.append(words);
    if (command.detail) option.append(element("span", "clip faint small detail", command.detail));
    if (command.key) option.append(element("kbd", "", command.key));
    list.append(option);
  });
  for (const heading of list.querySelectorAll("h3")) heading.setAttribute("role", "presentation");
  foot.textContent = commands.length ? "" : q ? t("Nothing fits. Try a ticket's number, a name, or another word.") : "";
  mark(Math.min(marked, Math.max(shown.length - 1, 0)));
}

function mark(index) {
  at = index;
  const options = list.querySelectorAll("[role=option]");
  options.forEach((one, n) => one.setAttribute("aria-selected", String(n === at)));
  options[at]?.scrollIntoView({ block: "nearest" });
  options[at] ? input.setAttribute("aria-activedescendant", options[at].id) : input.removeAttribute("aria-activedescendant");
}

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}
