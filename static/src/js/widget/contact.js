// Asked once, after a person has taken over: where may we write if you leave?
import { h } from "./dom.js";
import { t } from "./text.js";

export function contactCard(known, save, later) {
  const problem = h("p", { class: "problem", role: "alert" });
  const name = !known.name && h("input", { type: "text", name: "name", autocomplete: "name", maxLength: 200,
    placeholder: t("name"), "aria-label": t("name"), dir: "auto" });
  const email = h("input", { type: "email", name: "email", autocomplete: "email", maxLength: 320, required: true,
    placeholder: t("email"), "aria-label": t("email"), dir: "ltr" });
  const byMail = h("input", { type: "checkbox", name: "prefers", value: "email" });
  const button = h("button", { type: "submit", class: "primary" }, t("save"));
  return h("form", { class: "card contact", noValidate: true, onsubmit: async (event) => {
    event.preventDefault();
    problem.textContent = "";
    if (!email.value.trim() || !email.checkValidity()) {
      problem.textContent = t("emailBad");
      return email.focus();
    }
    button.disabled = true;
    try {
      await save(email.value.trim(), name ? name.value.trim() : "", byMail.checked ? byMail.value : "");
    } catch (refused) {
      problem.textContent = refused.message || t("error");
      button.disabled = false;
    }
  } },
  h("p", { class: "title" }, t("mailTitle")), h("p", { class: "hint" }, t("mailHint")), name, email,
  h("label", { class: "by-mail" }, byMail, t("byMail")), problem,
  h("div", { class: "row" }, h("button", { type: "button", class: "link", onclick: later }, t("later")), button));
}
