// What the assistant needs before it answers: one field. What is sent is an ordinary message, so that whoever would
// rather write it below does just that.
import { h } from "./dom.js";

// `form`: {type, label, problem, send, like} in the words of the conversation. tell(text) sends.
export function askForm(form, tell) {
  const problem = h("p", { class: "problem", role: "alert" });
  const field = h("input", { type: form.type, name: "answer", required: true, maxLength: 200, placeholder: form.like || "",
    autocomplete: { email: "email", tel: "tel" }[form.type] || "off", dir: form.type === "text" ? "auto" : "ltr",
    "aria-label": form.label }); // the message above says it to those who see
  return h("form", { class: "card ask", noValidate: true, hidden: true, onsubmit: (event) => {
    event.preventDefault();
    const given = field.value.trim();
    problem.textContent = given && field.checkValidity() ? "" : form.problem;
    if (problem.textContent) return field.focus();
    tell(given);
  } },
  h("div", { class: "field" }, field, h("button", { type: "submit", class: "primary" }, form.send)), problem);
}
