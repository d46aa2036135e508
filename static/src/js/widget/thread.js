// The conversation on the screen. Each entry is drawn once and only its small print changes afterwards, so that a
// screen reader hears every message once.
import { askForm } from "./ask.js";
import { h, icon, withLinks } from "./dom.js";
import { survey } from "./survey.js";
import { day, size, t, time } from "./text.js";

const NEAR_END = 120; // px
const TICKS = { sending: "clock", waiting: "clock", sent: "tick", delivered: "ticks", read: "ticks" };

export class Thread {
  constructor(box, scroller, actions) {
    Object.assign(this, { box, scroller, actions, drawn: new Map(), pictures: new Map() });
  }

  get atEnd() {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < NEAR_END;
  }

  clear() {
    this.drawn.forEach((one) => one.node.remove());
    this.drawn.clear();
    this.pictures.forEach((url) => URL.revokeObjectURL(url));
    this.pictures.clear();
  }

  // entries: oldest first, from the helpdesk and then from the outbox. Tells whether something new is out of sight.
  show(entries) {
    const follows = this.atEnd;
    const keep = new Set();
    let place = null, before = null, fresh = false;
    const put = (key, draw) => {
      keep.add(key);
      let one = this.drawn.get(key);
      if (!one) {
        one = { node: draw() };
        this.drawn.set(key, one);
        fresh = true;
      }
      const next = place ? place.nextSibling : this.box.firstChild;
      if (next !== one.node) this.box.insertBefore(one.node, next);
      place = one.node;
      return one;
    };
    entries.forEach((entry, n) => {
      const at = new Date(entry.at);
      const label = day(at);
      const newDay = !before || day(new Date(before.at)) !== label;
      if (newDay) put(`day:${label}`, () => h("p", { class: "day" }, h("span", {}, label)));
      const one = put(entry.client_id || entry.seq, () => this.draw(entry));
      const after = entries[n + 1];
      one.node.classList.toggle("first", newDay || !alike(before, entry));
      one.node.classList.toggle("last", !after || !alike(entry, after));
      this.update(one.node, entry, n === entries.length - 1);
      before = entry;
    });
    for (const [key, one] of this.drawn) {
      if (keep.has(key)) continue;
      one.node.remove();
      this.drawn.delete(key);
    }
    if (fresh && (follows || before?.from === "me")) this.toEnd();
    return fresh && !this.atEnd;
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  draw(entry) {
    const mine = entry.from === "me";
    const who = mine ? null : h("p", { class: "who" }, entry.name, entry.channel && h("span", { class: "via" }, ` · ${t("via", { channel: entry.channel })}`));
    const bubble = h("div", { class: "bubble" },
      entry.title && h("p", { class: "heading", dir: "auto" }, entry.title),
      (entry.sections || []).map((one) => [h("p", { class: "heading", dir: "auto" }, one.title),
        h("p", { class: "words", dir: "auto" }, withLinks(one.text))]).flat(),
      entry.text && h("p", { class: "words", dir: "auto" }, withLinks(entry.text)),
      h("div", { class: "files" }));
    const avatar = mine ? null : h("span", { class: `avatar ${entry.from}`, "aria-hidden": "true" }, face(entry));
    const body = h("div", { class: "body" }, who, (entry.text || entry.sections || entry.files?.length > 0) && bubble);
    if (entry.survey) body.append(survey(entry.survey, this.actions.rate));
    if (entry.form) body.append(askForm(entry.form, this.actions.answer));
    if (entry.buttons?.length) body.append(this.buttons(entry.buttons));
    body.append(h("div", { class: "meta", "aria-live": "off" }));
    return h("article", { class: `entry ${mine ? "mine" : "theirs"}` }, avatar, body);
  }

  buttons(list) {
    return h("div", { class: "choices", role: "group", hidden: true }, list.map((button) =>
      h("button", { type: "button", class: "choice", dir: "auto", onclick: () => this.actions.press(button) }, button.label)));
  }

  update(node, entry, isLast) {
    // A file that was sent from here becomes one that can be fetched.
    const files = node.querySelector(".files"), ids = (entry.files || []).map((file) => file.id || file.name).join();
    if (files && (files.dataset.ids || "") !== ids) {
      files.dataset.ids = ids;
      files.replaceChildren(...entry.files.map((file) => this.file(file)));
    }
    // Answered, or overtaken by what came after.
    node.querySelectorAll(".choices, .ask").forEach((one) => (one.hidden = !isLast));
    const meta = node.querySelector(".meta");
    const state = entry.from === "me" ? entry.state || "delivered" : "";
    const mark = `${state}|${entry.progress ?? ""}|${entry.error || ""}`;
    if (meta.dataset.mark === mark) return;
    meta.dataset.mark = mark;
    node.classList.toggle("failed", state === "failed");
    if (state === "failed") meta.replaceChildren(
      h("span", { class: "problem" }, entry.error || t("failed")),
      h("button", { type: "button", class: "link", onclick: () => this.actions.retry(entry.client_id) }, t("retry")));
    else if (entry.progress !== undefined) meta.replaceChildren(
      h("progress", { max: 1, value: entry.progress, "aria-label": t("uploading", { name: entry.files[0].name }) }),
      h("button", { type: "button", class: "link", onclick: () => this.actions.cancel(entry.client_id) }, t("cancel")));
    else meta.replaceChildren(h("time", { dateTime: entry.at }, time(new Date(entry.at))),
      ...(state ? [h("span", { class: `state ${state}`, role: "img", title: t(state === "waiting" ? "sending" : state),
        "aria-label": t(state === "waiting" ? "sending" : state) }, icon(TICKS[state]))] : []));
  }

  file(file) {
    if (file.id && file.picture) {
      const picture = h("img", { alt: file.name, hidden: true });
      const button = h("button", { type: "button", class: "picture", "aria-label": t("download", { name: file.name }),
        onclick: () => this.actions.download(file) }, picture);
      this.actions.picture(file).then((blob) => {
        const url = URL.createObjectURL(blob);
        this.pictures.set(file.id, url);
        picture.onload = () => {
          const follows = this.atEnd;
          picture.hidden = false;
          if (follows) this.toEnd();
        };
        picture.src = url;
      }).catch(() => button.replaceWith(this.plain(file)));
      return button;
    }
    return this.plain(file);
  }

  plain(file) {
    return h("button", { type: "button", class: "file", disabled: !file.id, title: t("download", { name: file.name }),
      onclick: () => this.actions.download(file) }, icon("file"),
    h("span", { class: "name", dir: "auto" }, file.name), file.size && h("span", { class: "size" }, size(file.size)));
  }
}

const alike = (one, other) => one && other && one.from === other.from && one.name === other.name
  && new Date(other.at) - new Date(one.at) < 300000;

function face(entry) {
  return entry.from === "assistant" ? icon("spark") : entry.initials || icon("person");
}
