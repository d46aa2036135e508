// Where the visitor writes.
import { h, icon } from "./dom.js";
import { size, t } from "./text.js";

const TYPING_EVERY = 3000; // ms

export class Composer {
  // limits: text (characters), file (bytes), endings (".png", …)
  constructor(form, limits, { send, files, typing, problem }) {
    Object.assign(this, { limits, actions: { send, files, typing, problem }, told: 0 });
    this.input = h("textarea", { rows: 1, class: "input", enterKeyHint: "send", oninput: () => this.changed(),
      onkeydown: (event) => this.key(event), onpaste: (event) => this.paste(event) });
    this.picker = h("input", { type: "file", multiple: true, hidden: true, tabIndex: -1, accept: limits.endings.join(","),
      onchange: () => this.take(this.picker.files) });
    this.attach = h("button", { type: "button", class: "tool attach", onclick: () => this.picker.click() }, icon("attach"));
    this.button = h("button", { type: "submit", class: "tool send", disabled: true }, icon("send"));
    this.count = h("p", { class: "problem count", role: "status", hidden: true });
    form.append(this.count, this.attach, this.picker, this.input, this.button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    const drop = form.ownerDocument.body;
    drop.addEventListener("dragover", (event) => event.preventDefault());
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      this.take(event.dataTransfer.files);
    });
    this.translate();
  }

  translate() {
    this.input.placeholder = t("write");
    this.input.setAttribute("aria-label", t("write"));
    this.attach.title = t("attach");
    this.attach.setAttribute("aria-label", t("attach"));
    this.button.setAttribute("aria-label", t("send"));
  }

  fill(text) {
    this.input.value = text;
    this.changed();
    this.focus();
  }

  focus() {
    this.input.focus({ preventScroll: true });
  }

  changed() {
    const over = this.input.value.length - this.limits.text;
    this.count.hidden = over <= 0;
    this.count.textContent = over > 0 ? t("long", { n: over }) : "";
    this.button.disabled = !this.input.value.trim() || over > 0;
    this.input.dir = this.input.value ? "auto" : ""; // an empty one follows the page, for its placeholder's sake
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
    if (this.input.value && Date.now() - this.told > TYPING_EVERY) {
      this.told = Date.now();
      this.actions.typing();
    }
  }

  key(event) {
    // On touch screens Enter makes a new line, as in other messengers there.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches) return;
    event.preventDefault();
    this.submit();
  }

  paste(event) {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    this.take(event.clipboardData.files);
  }

  submit() {
    if (this.button.disabled) return;
    this.actions.send(this.input.value.trim());
    this.input.value = "";
    this.told = 0;
    this.changed();
    this.focus();
  }

  take(list) {
    const good = [];
    for (const file of list) {
      const ending = file.name.slice(file.name.lastIndexOf(".")).toLowerCase();
      if (file.size > this.limits.file) this.actions.problem(t("fileBig", { name: file.name, size: size(this.limits.file) }));
      else if (!this.limits.endings.includes(ending)) this.actions.problem(t("fileType", { name: file.name }));
      else good.push(file);
    }
    this.picker.value = "";
    if (good.length) this.actions.files(good);
  }
}
