// What is typed after / @ {{ : and # is looked up, and chosen from a list below the caret's box: one combobox
// (aria-activedescendant), so that the focus never leaves the text. Also the same list of macros in a box of its own.

import { fragment, parse } from "./http.js";

const SIGNS = [
  { kind: "macro", pattern: /(?:^|\n)(\/)([\w-]{0,40})$/ },
  { kind: "person", pattern: /(?:^|[\s(])(@)([\p{L}\p{M}.' -]{0,40})$/u, mode: "note" },
  { kind: "variable", pattern: /(\{\{)\s*([\w.]{0,40})$/ },
  { kind: "emoji", pattern: /(?:^|\s)(:)([a-z0-9_+-]{2,30})$/ },
  { kind: "ticket", pattern: /(?:^|[\s(])(#)([\p{L}\p{N}]{1,30})$/u },
];
let numbers = 0;

class List {
  constructor(field, box, choose) {
    Object.assign(this, { field, choose, at: -1, id: `offers-${(numbers += 1)}` });
    this.element = Object.assign(document.createElement("ul"), { id: this.id, className: "offer-list", hidden: true });
    this.element.setAttribute("role", "listbox");
    this.element.setAttribute("aria-label", "Choices");
    box.prepend(this.element);
    this.combobox = field.matches("input"); // a textarea stays a text box: ARIA allows it no other role
    if (this.combobox) field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", this.id);
    this.expanded();
    this.element.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays
    this.element.addEventListener("click", ({ target }) => {
      const option = target.closest("[role=option]");
      if (option) this.choose(option);
    });
  }

  get open() { return !this.element.hidden; }

  show(content) {
    this.element.replaceChildren(content);
    this.options = [...this.element.querySelectorAll("[role=option]")];
    this.options.forEach((option, index) => { option.id = `${this.id}-${index}`; });
    this.element.hidden = !this.options.length;
    this.expanded();
    this.mark(this.open ? 0 : -1);
  }

  expanded() {
    if (this.combobox) this.field.setAttribute("aria-expanded", String(this.open));
  }

  mark(index) {
    this.at = index;
    this.options?.forEach((option, other) => option.setAttribute("aria-selected", String(other === index)));
    const option = this.options?.[index];
    if (option) this.field.setAttribute("aria-activedescendant", option.id);
    else this.field.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  close() {
    this.element.hidden = true;
    this.expanded();
    this.mark(-1);
  }

  // Whether the key was meant for the list.
  key(event) {
    if (!this.open || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false;
    const last = this.options.length - 1;
    if (event.key === "ArrowDown") this.mark(this.at >= last ? 0 : this.at + 1);
    else if (event.key === "ArrowUp") this.mark(this.at <= 0 ? last : this.at - 1);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) this.choose(this.options[this.at]);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}

async function emoji(q) {
  const { EMOJI } = await import("./emoji.js");
  const list = document.createDocumentFragment();
  const found = Object.entries(EMOJI).filter(([name]) => name.includes(q)).sort(([a], [b]) => b.startsWith(q) - a.startsWith(q)).slice(0, 8);
  for (const [name, sign] of found) {
    const option = Object.assign(document.createElement("li"), { textContent: `${sign} :${name}:` });
    option.setAttribute("role", "option");
    option.dataset.insert = sign;
    list.append(option);
  }
  return list;
}

// use(macro id): puts a macro into the composer.
export function watchText(text, form, signal, use) {
  let sign = null, asked = 0;
  const list = new List(text, form.querySelector(".box"), (option) => {
    const found = sign;
    list.close();
    const end = text.selectionStart;
    const insert = option.dataset.insert ?? "";
    text.setRangeText(insert, found.from, end, "end");
    if (found.kind === "variable" && text.value.slice(text.selectionStart).startsWith("}}")) text.setRangeText("", text.selectionStart, text.selectionStart + 2, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
    if (option.dataset.macro) use(option.dataset.macro);
  });

  async function look() {
    const mode = form.elements.mode.value;
    const before = text.value.slice(0, text.selectionStart);
    const hit = text.selectionStart === text.selectionEnd && SIGNS.filter((one) => !one.mode || one.mode === mode).map((one) => ({ ...one, match: one.pattern.exec(before) })).find((one) => one.match);
    if (!hit) return list.close();
    const typed = hit.match[0].slice(hit.match[0].indexOf(hit.match[1]));
    sign = { kind: hit.kind, from: before.length - typed.length };
    const mine = (asked += 1);
    try {
      const q = hit.match[2];
      const content = hit.kind === "emoji" ? await emoji(q)
        : parse(await fragment(`/tickets/${form.dataset.ticket}/offers?${new URLSearchParams({ kind: hit.kind, q, mode })}`, { signal, background: true }));
      if (mine === asked && document.activeElement === text) list.show(content);
    } catch { /* offline: the text is written without help */ }
  }

  let pause;
  text.addEventListener("input", (event) => {
    asked += 1;
    clearTimeout(pause);
    if (!event.isComposing && event.isTrusted) pause = setTimeout(look, 120);
    else list.close();
  }, { signal });
  text.addEventListener("keydown", (event) => list.key(event) && event.stopImmediatePropagation(), { signal, capture: true });
  text.addEventListener("blur", () => list.close(), { signal });
  look();
}

// The list of macros in a box of its own.
export async function pickMacro(form, use) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog macro-picker";
  dialog.setAttribute("aria-label", "Choose a macro");
  const field = Object.assign(document.createElement("input"), { className: "input", type: "text", placeholder: "Search the macros", autocomplete: "off", dir: "auto" });
  field.setAttribute("aria-label", "Search the macros");
  const box = Object.assign(document.createElement("div"), { className: "body stack" });
  const none = Object.assign(document.createElement("p"), { className: "muted small", textContent: "No macro has these words.", hidden: true });
  const page = Object.assign(document.createElement("a"), { className: "small", href: "/settings/macros", textContent: "All macros" });
  dialog.append(box);
  document.body.append(dialog);
  const list = new List(field, box, (option) => { dialog.close(); use(option.dataset.macro); });
  box.prepend(field);
  box.append(none, page);
  let asked = 0;
  const look = async () => {
    const mine = (asked += 1);
    try {
      const html = await fragment(`/tickets/${form.dataset.ticket}/offers?${new URLSearchParams({ kind: "macro", q: field.value, all: 1 })}`);
      if (mine === asked) list.show(parse(html));
      none.hidden = list.open;
    } catch (error) {
      none.textContent = error.message;
      none.hidden = false;
    }
  };
  field.addEventListener("input", look);
  field.addEventListener("keydown", (event) => event.key !== "Escape" && list.key(event));
  dialog.addEventListener("close", () => { dialog.remove(); form.querySelector("textarea").focus(); });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.showModal();
  field.focus();
  await look();
}
