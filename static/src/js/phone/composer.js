// Where the person types, answers one message, corrects another, and attaches what they have.
import { h } from "../widget/dom.js";
import { can, QUESTIONS } from "./apps.js";
import { post } from "./api.js";
import { record, records } from "./recorder.js";
import { picture, sticker, voice } from "./samples.js";
import { sign } from "./sign.js";
import { tray } from "./tray.js";

const TYPING_EVERY = 4000;

export function picker(changed, accept = "") {
  const input = h("input", { type: "file", accept, class: "hidden-input", tabindex: "-1", "aria-hidden": "true", onchange: () => changed(input.files[0]) });
  return input;
}

export function composer(phone) {
  const { app } = phone.here;
  const to = phone.place();
  let file = null;
  let about = null; // {what: "reply" or "edit", entry}
  let told = 0;
  let before = Promise.resolve();
  const note = h("div", { class: "chosen", hidden: true });
  const text = h("textarea", { rows: 1, placeholder: "Message", "aria-label": "Message", name: "text" });
  const any = picker(choose);
  const images = picker(choose, "image/*");
  const form = h("form", { class: "composer" }, note,
    h("div", { class: "row" },
      h("button", { type: "button", class: "round", "aria-label": "Attach", onclick: offer }, sign("plus")),
      any, images, text, h("button", { type: "submit", class: "round send", "aria-label": "Send" }, sign("send"))));

  function say(words, close, icon = "attach") {
    note.hidden = !words;
    note.replaceChildren(...(words ? [sign(icon), h("span", {}, words), h("button", { type: "button", "aria-label": "Never mind", onclick: close }, sign("close"))] : []));
  }
  function choose(chosen) {
    file = chosen ?? null;
    say(file?.name, clear);
    text.focus();
  }
  function clear() {
    [file, about, any.value, images.value] = [null, null, "", ""];
    say("");
  }
  function send(fields) {
    before = before.then(() => phone.send(fields, to)).then(() => phone.say(""), (problem) => phone.say(problem.message));
    return before;
  }
  async function speak() {
    try {
      const recording = await record();
      text.disabled = true;
      const end = () => { text.disabled = false; say(""); };
      note.hidden = false;
      note.replaceChildren(h("span", { class: "recording", role: "status" }, "Recording …"),
        h("button", { type: "button", class: "link", onclick: async () => { end(); send({ file: await recording.stop() }); } }, "Send it"),
        h("button", { type: "button", "aria-label": "Never mind", onclick: () => { end(); recording.cancel(); } }, sign("close")));
      note.querySelector("button").focus();
    } catch (problem) {
      phone.say(problem.message);
    }
  }
  function ask() {
    tray(phone.screen, "Ask", QUESTIONS.map(({ what, text: words, locale }) => (
      { icon: "question", label: [what, h("small", { lang: locale }, words)], run: () => send({ text: words }) })));
  }
  function offer() {
    tray(phone.screen, "Send", [
      { icon: "question", label: "A ready question", run: ask },
      { icon: "picture", label: "A picture of yours", run: () => images.click() },
      { icon: "picture", label: "A ready picture", run: async () => send({ file: await picture() }) },
      records() && { icon: "microphone", label: "Record a voice note", run: speak },
      { icon: "microphone", label: "A ready voice note", run: () => send({ file: voice() }) },
      { icon: "file", label: "A document", run: () => any.click() },
      can(app, "place") && { icon: "pin", label: "Where I am", run: () => send({ share: "place" }) },
      can(app, "sticker") && { icon: "smile", label: "A sticker", run: async () => send({ share: "sticker", file: await sticker() }) },
      can(app, "card") && { icon: "contacts", label: "Somebody's number", run: () => send({ share: "card" }) },
    ]);
  }
  form.about = (what, entry) => {
    clear();
    about = { what, entry };
    if (what === "edit") text.value = entry.text;
    say(what === "edit" ? "Correct your message" : `Reply to: ${entry.text.slice(0, 60) || "a file"}`, () => { if (what === "edit") text.value = ""; clear(); }, what === "edit" ? "edit" : "reply");
    grow();
    text.focus();
  };
  function grow() {
    text.rows = Math.min(5, text.value.split("\n").length + Math.floor(text.value.length / 34));
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const [words, sent, meant] = [text.value, file, about];
    text.focus();
    if (!words.trim() && !sent) return;
    text.value = ""; // the next message may be typed while this one is on its way
    clear();
    grow();
    const work = () => meant?.what === "edit" ? phone.change(meant.entry.id, "edit", words, to)
      : phone.send({ text: words, file: sent, replies_to: meant?.entry.id }, to);
    before = before.then(work).then(() => phone.say(""), (problem) => {
      phone.say(problem.message);
      text.value ||= words;
    });
  });
  text.addEventListener("input", () => {
    grow();
    if (!can(app, "typing") || Date.now() - told < TYPING_EVERY) return;
    told = Date.now();
    post(`${to}/typing`).catch(() => {});
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  return form;
}
