// The help centre inside the chat's frame. Loaded when somebody opens it, and not before.
//   window.hdHelp(section, tools) → opens the panel in `section`
// tools: call(path, body) to the helpdesk, locale(), close(), ask(title, sentence): on with the chat, after this article.
import { h, icon } from "../widget/dom.js";
import words from "./words.json" with { type: "json" };

const PAUSE = 250; // ms without a key, before it is searched
const DONE = 1500; // ms after which they have finished typing: the search is kept

window.hdHelp = function open(section, { call, locale, close, ask }) {
  const language = locale(), own = words[language] || words.en;
  const t = (key, values = {}) => own[key].replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
  const at = (path, more = {}) => `${path}?${new URLSearchParams({ locale: language, ...more })}`;
  const before = []; // how to show again what was shown before
  let turn = 0, mark = "", timer = 0, keep = 0, home = null;

  const back = h("button", { type: "button", class: "round-back", "aria-label": t("back"), title: t("back"), onclick: goBack }, icon("back", "M15 5l-7 7 7 7"));
  const input = h("input", { type: "search", id: "help-q", placeholder: t("search"), "aria-label": t("search"), maxLength: 200, autocomplete: "off", enterKeyHint: "search", dir: "auto", oninput: typed });
  const form = h("form", { class: "help-search", role: "search", onsubmit: (event) => (event.preventDefault(), search(true)) }, icon("search"), input);
  const place = h("div", { class: "help-place", tabIndex: -1, "aria-live": "polite" });
  section.replaceChildren(h("div", { class: "help-top" }, back, form), place);
  section.setAttribute("aria-label", t("search"));
  section.hidden = false;
  document.body.classList.add("helping");
  first();
  input.focus({ preventScroll: true });

  function leave() {
    document.body.classList.remove("helping");
    section.hidden = true;
    section.replaceChildren();
  }

  function goBack() {
    before.pop();
    const last = before.at(-1);
    if (last) last();
    else leave(), close();
  }

  // Shows what `make` gives, unless something else was asked for meanwhile.
  async function show(path, make, again) {
    const mine = ++turn;
    try {
      const answer = await call(path);
      if (mine !== turn) return;
      place.replaceChildren(...make(answer).filter(Boolean));
      if (again && before.at(-1) !== again) before.push(again);
      section.scrollTop = place.scrollTop = 0;
    } catch {
      if (mine === turn) place.replaceChildren(h("p", { class: "notice", role: "alert" }, t("error")));
    }
  }

  function first() {
    const draw = (answer) => {
      home = answer;
      return [
        answer.popular.length > 0 && group(t("popular"), answer.popular.map((one) => entry(one.title, "", () => read(one.id)))),
        answer.shelves.length > 0 && group(t("topics"), answer.shelves.map((one) => entry(one.name, one.about, () => shelf(one)))),
      ];
    };
    input.value = "";
    if (home) turn++, place.replaceChildren(...draw(home).filter(Boolean)), before.at(-1) === first || before.push(first);
    else show(at("help"), draw, first);
  }

  function shelf(one) {
    still();
    const again = () => show(at(`help/shelves/${one.id}`), ({ articles }) => [
      group(one.name, articles.map((article) => entry(article.title, "", () => read(article.id)))),
    ], again);
    again().then(focusPlace);
  }

  function typed() {
    still();
    mark = "";
    timer = setTimeout(() => search(false), PAUSE);
    keep = setTimeout(() => search(true), DONE);
  }

  // Something was chosen: what is still to be searched would take its place.
  function still() {
    clearTimeout(timer);
    clearTimeout(keep);
  }

  function search(finished) {
    clearTimeout(timer);
    if (finished) clearTimeout(keep);
    const query = input.value.trim();
    if (!query) return (before.length = 0), first();
    const again = () => ((input.value = query), results(query, false, again));
    return results(query, finished, again);
  }

  function results(query, finished, again) {
    if (before.at(-1)?.search) before.pop(); // one search replaces the other
    again.search = true;
    return show(at("help/search", { q: query, ...(finished && { keep: 1 }) }), (answer) => {
      mark = answer.mark || mark;
      if (!answer.articles.length) return [h("p", { class: "notice" }, t("nothing")), askButton("", "")];
      return [h("ul", { class: "help-list" }, answer.articles.map((one) =>
        entry(one.title, h("span", {}, one.snippet.map(([piece, hit]) => (hit ? h("mark", {}, piece) : piece))), () => read(one.id, mark ? { s: mark } : { q: query }))))];
    }, again);
  }

  function read(id, from = {}) {
    still();
    const again = () => show(at(`help/articles/${id}`), paper, again);
    show(at(`help/articles/${id}`, from), paper, again).then(focusPlace);
  }

  function paper(article) {
    // Made and cleaned by the helpdesk; nothing in it can run under this frame's policy.
    const text = new DOMParser().parseFromString(article.html, "text/html");
    text.querySelectorAll("a[href]").forEach((link) => {
      if (link.getAttribute("href").startsWith("#")) return;
      link.target = "_blank";
      link.rel = "noopener";
    });
    const foot = h("div", { class: "help-judge", role: "group", "aria-label": t("helped") });
    const judged = (helped) => {
      call(`help/articles/${article.id}/judge`, { helped }).catch(() => {});
      foot.replaceChildren(h("p", { role: "status" }, t(helped ? "thanks" : "sorry")), ...(helped ? [] : [askButton(article.title, t("about", { title: article.title }))]));
      if (!helped) foot.querySelector("button").focus();
    };
    foot.append(h("p", {}, t("helped")), h("div", { class: "row" },
      h("button", { type: "button", class: "choice", onclick: () => judged(true) }, t("yes")),
      h("button", { type: "button", class: "choice", onclick: () => judged(false) }, t("no"))));
    return [
      h("article", { lang: article.locale, dir: article.dir }, h("h2", { tabIndex: -1 }, article.title), h("div", { class: "prose" }, ...text.body.childNodes)),
      foot,
      h("p", { class: "help-whole" }, h("a", { href: article.url, target: "_blank", rel: "noopener" }, t("whole"))),
    ];
  }

  function askButton(title, sentence) {
    return h("button", { type: "button", class: "primary", onclick: () => (leave(), ask(title, sentence)) }, t("ask"));
  }

  const group = (title, entries) => h("section", {}, h("h2", { dir: "auto", tabIndex: -1 }, title), h("ul", { class: "help-list" }, entries));
  const entry = (title, about, onclick) => h("li", {}, h("button", { type: "button", class: "topic", onclick }, h("span", { class: "help-entry", dir: "auto" }, h("b", {}, title), about)));
  const focusPlace = () => place.querySelector("h2")?.focus({ preventScroll: true });

  section.onkeydown = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    goBack();
  };
};
