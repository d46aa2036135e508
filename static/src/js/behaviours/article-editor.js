// The article's editor: formatting, pictures by button, paste and drop, a preview made by the server, and a question
// before unsaved words are lost. What was typed is also kept in the browser until it is saved.

import { csrf, fragment } from "../lib/http.js";
import { read, write } from "../lib/store.js";

const PAUSE = 350; // milliseconds without a key before the preview is asked for
const MARKS = {
  bold: ["**", "**", "bold"], italic: ["*", "*", "italic"], code: ["`", "`", "code"], link: ["[", "](https://)", "words"],
};
const LINES = { heading: "## ", bullets: "- ", numbers: "1. ", quote: "> ", callout: "> [!NOTE]\n> " };
const TABLE = "\n| First | Second |\n|---|---|\n| one | two |\n";

export function articleEditor(form, signal) {
  const text = form.elements.body;
  const on = (target, name, act) => target.addEventListener(name, act, { signal });
  const toolbar = form.querySelector("[data-toolbar]");
  const chooser = form.querySelector("[data-choose]");
  const problem = form.querySelector("[data-problem]");
  const key = () => `article:${form.dataset.article || "new"}`;
  const snapshot = () => JSON.stringify([...new FormData(form)].filter(([name, value]) => typeof value === "string" && !["csrf_token", "seen"].includes(name)));
  let saved = "unsaved" in form.dataset ? "" : snapshot(), leaving = false, timer, asked;

  toolbar.inert = false;
  form.querySelector(".no-script").remove();
  offerKept();

  const changed = () => snapshot() !== saved;
  on(form, "input", () => {
    const now = changed();
    form.querySelector("[data-state]").textContent = now ? "Not saved yet" : "";
    write(key(), now ? { title: form.elements.title.value, summary: form.elements.summary.value, body: text.value, questions: form.elements.questions.value } : null);
    clearTimeout(timer);
    timer = setTimeout(preview, PAUSE);
  });
  on(window, "beforeunload", (event) => { if (!leaving && changed()) event.preventDefault(); });
  on(form, "submit", () => { leaving = true; write(key(), null); });
  signal.addEventListener("abort", () => clearTimeout(timer));

  async function preview() {
    asked?.abort();
    asked = new AbortController();
    const body = new FormData();
    body.set("body", text.value);
    body.set("locale", form.elements.locale.value);
    try {
      form.querySelector("[data-preview]").innerHTML = await fragment("/articles/preview", { body, signal: asked.signal }); // cleaned by the server
    } catch { /* the next key asks again */ }
  }

  // Words that a closed window left behind.
  function offerKept() {
    const kept = read(key());
    if (!kept || kept.body === text.value && kept.title === form.elements.title.value) return;
    const row = document.createElement("div");
    row.className = "notice info";
    row.innerHTML = '<span class="grow">There are words here that were not saved.</span><button type="button" class="button small">Take them</button> <button type="button" class="button small quiet">Forget them</button>';
    const [take, forget] = row.querySelectorAll("button");
    take.addEventListener("click", () => {
      for (const [name, value] of Object.entries(kept)) if (form.elements[name]) form.elements[name].value = value;
      form.dispatchEvent(new Event("input"));
      row.remove();
    });
    forget.addEventListener("click", () => { write(key(), null); row.remove(); });
    form.prepend(row);
  }

  function put(value, from = text.selectionStart, to = text.selectionEnd) {
    text.focus();
    text.setSelectionRange(from, to);
    if (!document.execCommand("insertText", false, value)) text.setRangeText(value, from, to, "end"); // the first can be undone
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function format(action) {
    const { selectionStart: from, selectionEnd: to, value } = text;
    const chosen = value.slice(from, to);
    if (MARKS[action]) {
      const [before, after, otherwise] = MARKS[action];
      put(before + (chosen || otherwise) + after);
      text.setSelectionRange(from + before.length, from + before.length + (chosen || otherwise).length);
    } else if (LINES[action]) {
      const start = value.lastIndexOf("\n", from - 1) + 1;
      const lines = value.slice(start, to).split("\n");
      put(lines.map((line, at) => (action === "callout" && at ? "> " : action === "numbers" ? `${at + 1}. ` : LINES[action]) + line).join("\n"), start, to);
    } else if (action === "table") put(TABLE);
    else chooser.click();
  }

  on(toolbar, "click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) format(button.dataset.do);
  });
  on(toolbar, "keydown", (event) => {
    const all = [...toolbar.querySelectorAll("[data-do]")];
    const at = all.indexOf(document.activeElement), step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (at < 0 || !step) return;
    event.preventDefault();
    const next = all.at((at + step) % all.length);
    for (const one of all) one.tabIndex = one === next ? 0 : -1;
    next.focus();
  });
  on(text, "keydown", (event) => {
    const action = (event.ctrlKey || event.metaKey) && !event.altKey && { b: "bold", i: "italic", k: "link" }[event.key];
    if (action) { event.preventDefault(); format(action); }
  });

  on(chooser, "change", () => { add([...chooser.files]); chooser.value = ""; });
  on(text, "paste", (event) => take(event, event.clipboardData));
  on(text, "dragover", (event) => { if (event.dataTransfer.types.includes("Files")) { event.preventDefault(); text.classList.add("dropping"); } });
  on(text, "dragleave", () => text.classList.remove("dropping"));
  on(text, "drop", (event) => { text.classList.remove("dropping"); take(event, event.dataTransfer); });

  function take(event, data) {
    const pictures = [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    if (!pictures.length) return;
    event.preventDefault();
    add(pictures);
  }

  async function add(pictures) {
    problem.hidden = true;
    for (const file of pictures) {
      const alt = window.prompt(`What does “${file.name}” show? (for people who do not see it)`, "");
      if (alt === null) continue;
      try {
        const body = new FormData();
        body.set("file", file, file.name);
        body.set("alt", alt);
        const { line } = JSON.parse(await fragment(`/articles/${await number()}/pictures`, { body }));
        put(`${text.value && !text.value.slice(0, text.selectionStart).endsWith("\n") ? "\n\n" : ""}${line}\n`);
      } catch (error) {
        problem.textContent = error.message;
        problem.hidden = false;
      }
    }
  }

  // A picture belongs to an article, so a new one is saved as a draft first.
  async function number() {
    if (form.dataset.article) return form.dataset.article;
    const body = new FormData(form);
    body.set("then", "draft");
    body.set("csrf_token", csrf());
    body.delete("picture");
    const now = snapshot();
    const { id, seen } = JSON.parse(await fragment("/articles", { body }));
    write(key(), null);
    form.dataset.article = id;
    form.action = `/articles/${id}`;
    form.elements.seen.value = seen;
    if (!form.elements.title.value) form.elements.title.value = "Untitled";
    saved = now;
    history.replaceState(history.state, "", `/articles/${id}`);
    return id;
  }
}
