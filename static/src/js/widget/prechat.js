// What is asked before the first message, and only what is not known.
import { h } from "./dom.js";
import { t } from "./text.js";

const INPUTS = {
  name: () => ({ type: "text", autocomplete: "name", maxLength: 200, dir: "auto" }),
  email: () => ({ type: "email", autocomplete: "email", maxLength: 320, dir: "ltr" }),
  phone: () => ({ type: "tel", autocomplete: "tel", maxLength: 40, dir: "ltr", placeholder: "+49 170 1234567" }),
  text: () => ({ type: "text", maxLength: 500, dir: "auto" }),
  number: () => ({ type: "number", step: "any", dir: "ltr" }),
  date: () => ({ type: "date" }),
  checkbox: () => ({ type: "checkbox", value: "yes" }),
};
const WORDS = { name: () => t("yourName"), email: () => t("email"), phone: () => t("phone"), topic: () => t("topic") };

// One question as the server tells it. `kind` is '' for those that everybody knows; the others come in the firm's words.
function field({ field: name, required, options, kind }) {
  const title = kind ? name : WORDS[name]();
  const label = h("span", { dir: "auto" }, required ? title : t("optional", { field: title }));
  const properties = { name, required, "data-own": Boolean(kind), "aria-required": String(required) };
  if (kind === "checkbox") return h("label", { class: "asked ticked" }, h("input", { ...properties, ...INPUTS.checkbox() }), label);
  const input = options.length
    ? h("select", properties, h("option", { value: "" }, t("choose")), options.map((one) => h("option", { value: one }, one)))
    : h("input", { ...properties, ...INPUTS[kind || name]() });
  return h("label", { class: "asked" }, label, input);
}

const value = (input) => (input.type === "checkbox" ? (input.checked ? "yes" : "") : input.value);

// save(values) may be refused; skip is there when nothing is required. values.fields: the firm's own questions.
export function prechatCard(questions, save, skip) {
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { type: "submit", class: "primary" }, t("begin"));
  const must = questions.some((one) => one.required);
  return h("form", { class: "card prechat", noValidate: true, onsubmit: async (event) => {
    event.preventDefault();
    problem.textContent = "";
    const inputs = [...event.target.querySelectorAll("input, select")];
    inputs.forEach((one) => ["text", "email", "tel"].includes(one.type) && (one.value = one.value.trim()));
    const wrong = inputs.find((one) => !one.checkValidity());
    inputs.forEach((one) => one.setAttribute("aria-invalid", String(one === wrong)));
    if (wrong) {
      const empty = wrong.validity.valueMissing;
      problem.textContent = empty ? t("fillIn") : wrong.type === "email" ? t("emailBad") : t("answerBad");
      return wrong.focus();
    }
    button.disabled = true;
    const pick = (own) => Object.fromEntries(inputs.filter((one) => (one.dataset.own !== undefined) === own).map((one) => [one.name, value(one)]));
    try {
      await save({ ...pick(false), fields: pick(true) });
    } catch (refused) {
      problem.textContent = refused.status === 422 && inputs.some((one) => one.type === "tel" && one.value) ? t("phoneBad")
        : refused.message || t("error");
      button.disabled = false;
    }
  } },
  h("p", { class: "title" }, t("askTitle")), questions.map(field), problem,
  h("div", { class: "row" }, !must && h("button", { type: "button", class: "link", onclick: skip }, t("skip")), button));
}
