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
  const button = h("button", { type: "submit", class: "round send", "aria-label": "Send" }, sign("send"));
  const form = h("form", { class: "composer" }, chosen,
    h("div", { class: "row" },
      h("button", { type: "button", class: "round", "aria-label": "Attach a file", onclick: () => input.click() }, sign("attach")),
      input, text, button));

  function clear() {
    input.value = "";
    chosen.hidden = true;
  }
  function grow() {
    text.rows = Math.min(5, text.value.split("\n").length + Math.floor(text.value.length / 34));
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!text.value.trim() && !input.files[0]) return text.focus();
    button.disabled = true;
    try {
      await phone.send({ text: text.value, file: input.files[0] });
      phone.say("");
      text.value = "";
      clear();
      grow();
    } catch (problem) {
      phone.say(problem.message);
    }
    button.disabled = false;
    return text.focus();
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
