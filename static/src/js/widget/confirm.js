// Is the address that they typed theirs? A code that went there, typed here, says so.
import { h } from "./dom.js";
import { t } from "./text.js";

// `known`: {to, sent}. send() has a code sent, check(code) answers a problem in words or ''.
export function confirmCard({ to, sent }, { send, check, notNow }) {
  const problem = h("p", { class: "problem", role: "alert" });
  const busy = (card, now) => card.querySelectorAll("button").forEach((one) => (one.disabled = now));
  const attempt = async (event, act) => {
    const card = event.target.closest(".card");
    event.preventDefault();
    problem.textContent = "";
    busy(card, true);
    try {
      problem.textContent = (await act()) || "";
    } catch (refused) {
      problem.textContent = refused.message || t("error");
    }
    busy(card, false);
  };
  if (!sent) return h("div", { class: "card confirm", role: "group" },
    h("p", { class: "title" }, t("codeTitle")), h("p", { class: "hint" }, t("codeHint", { to })), problem,
    h("div", { class: "row" }, h("button", { type: "button", class: "link", onclick: notNow }, t("later")),
      h("button", { type: "button", class: "primary", onclick: (event) => attempt(event, send) }, t("codeSend"))));
  const code = h("input", { name: "code", inputMode: "numeric", autocomplete: "one-time-code", maxLength: 12, dir: "ltr",
    class: "code", "aria-label": t("code"), placeholder: "000000" });
  return h("form", { class: "card confirm", noValidate: true, onsubmit: (event) => attempt(event, () => check(code.value)) },
    h("p", { class: "title" }, t("codeSent", { to })), h("p", { class: "hint" }, t("codeSentHint")), code, problem,
    h("div", { class: "row" }, h("button", { type: "button", class: "link", onclick: (event) => attempt(event, send) }, t("codeAgain")),
      h("button", { type: "submit", class: "primary" }, t("codeCheck"))));
}
