// "How did we do?": five stars, then room for a comment. The first press counts at once; it can be changed.
import { h, icon } from "./dom.js";
import { t } from "./text.js";

export function survey(given, rate) {
  let score = 0;
  const said = h("p", { class: "said", role: "status" });
  const stars = [1, 2, 3, 4, 5].map((n) => h("button", {
    type: "button", class: "star", "aria-label": t("stars", { n }), "aria-pressed": "false", onclick: () => choose(n),
  }, icon("star")));
  const comment = h("textarea", { rows: 2, maxLength: 2000, dir: "auto", placeholder: t("comment"), "aria-label": t("comment") });
  const more = h("form", { class: "more", hidden: true, onsubmit: (event) => {
    event.preventDefault();
    send(comment.value.trim(), true);
  } }, comment, h("button", { type: "submit", class: "primary" }, t("submit")));

  function mark(n) {
    score = n;
    stars.forEach((star, at) => {
      star.classList.toggle("on", at < n);
      star.setAttribute("aria-pressed", String(at === n - 1));
    });
  }

  function choose(n) {
    mark(n);
    more.hidden = false;
    more.scrollIntoView({ block: "nearest" });
    send("", false);
  }

  async function send(words, last) {
    said.textContent = "";
    try {
      await rate(given.seq, score, words);
      said.textContent = t("thanks");
      if (last) more.hidden = true;
    } catch (refused) {
      said.textContent = refused.message || t("error");
    }
  }

  if (given.score) mark(given.score);
  return h("section", { class: "card survey", "aria-label": t("survey") },
    h("p", { class: "title", dir: "auto" }, given.question || t("survey")), h("div", { class: "stars" }, stars), more, said);
}
