// What is asked before the first message, and only what is not known.
import { h } from "./dom.js";
import { t } from "./text.js";

const INPUTS = {
  name: () => ({ type: "text", autocomplete: "name", maxLength: 200, dir: "auto" }),
  email: () => ({ type: "email", autocomplete: "email", maxLength: 320, dir: "ltr" }),
  phone: () => ({ type: "tel", autocomplete: "tel", maxLength: 40, dir: "ltr", placeholder: "+49 170 1234567" }),
};
const WORDS = { name: () => t("yourName"), email: () => t("email"), phone: () => t("phone"), topic: () => t("topic") };

function field({ field: name, required, options }) {
  const label = required ? WORDS[name]() : t("optional", { field: WORDS[name]() });
  const input = name === "topic"
    ? h("select", { name, required }, h("option", { value: "" }, t("choose")), options.map((one) => h("option", { value: one }, one)))
    : h("input", { name, required, ...INPUTS[name]() });
  return h("label", { class: "asked" }, h("span", {}, label), input);
}

// save(values) may be refused; skip is there when nothing is required.
export function prechatCard(questions, save, skip) {
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { type: "submit", class: "primary" }, t("begin"));
  const must = questions.some((one) => one.required);
  return h("form", { class: "card prechat", noValidate: true, onsubmit: async (event) => {
    event.preventDefault();
    problem.textContent = "";
    const inputs = [...event.target.querySelectorAll("input, select")];
    const wrong = inputs.find((one) => (one.value = one.value.trim(), !one.checkValidity()));
    if (wrong) {
      problem.textContent = wrong.value ? t("emailBad") : t("fillIn");
      return wrong.focus();
    }
    button.disabled = true;
    try {
      await save(Object.fromEntries(inputs.map((one) => [one.name, one.value])));
    } catch (refused) {
      problem.textContent = refused.status === 422 && inputs.some((one) => one.name === "phone" && one.value) ? t("phoneBad")
        : refused.message || t("error");
      button.disabled = false;
    }
  } },
  h("p", { class: "title" }, t("askTitle")), questions.map(field), problem,
  h("div", { class: "row" }, !must && h("button", { type: "button", class: "link", onclick: skip }, t("skip")), button));
}
