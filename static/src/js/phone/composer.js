// Where the person types, and attaches a file.
import { h } from "../widget/dom.js";
import { sign } from "./screens.js";

export function picker(changed) {
  const input = h("input", { type: "file", class: "hidden-input", tabindex: "-1", "aria-hidden": "true", onchange: () => changed(input.files[0]) });
  return input;
}

export function composer(phone) {
  const chosen = h("div", { class: "chosen", hidden: true });
  const text = h("textarea", { rows: 1, placeholder: "Message", "aria-label": "Message", name: "text" });
  const input = picker((file) => {
    chosen.hidden = !file;
    chosen.replaceChildren(file?.name ?? "", h("button", { type: "button", "aria-label": "Do not attach", onclick: clear }, sign("close")));
    text.focus();
  });
  const form = h("form", { class: "composer" }, chosen,
    h("div", { class: "row" },
      h("button", { type: "button", class: "round", "aria-label": "Attach a file", onclick: () => input.click() }, sign("attach")),
      input, text, h("button", { type: "submit", class: "round send", "aria-label": "Send" }, sign("send"))));

  function clear() {
    input.value = "";
    chosen.hidden = true;
  }
  function grow() {
    text.rows = Math.min(5, text.value.split("\n").length + Math.floor(text.value.length / 34));
  }
  const to = phone.place();
  let before = Promise.resolve();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const words = text.value;
    const file = input.files[0];
    text.focus();
    if (!words.trim() && !file) return;
    text.value = ""; // the next message may be typed while this one is on its way
    clear();
    grow();
    before = before.then(() => phone.send({ text: words, file }, to)).then(() => phone.say(""), (problem) => {
      phone.say(problem.message);
      text.value ||= words;
    });
  });
  text.addEventListener("input", grow);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  return form;
}
