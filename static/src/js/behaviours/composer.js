// Replies and notes: a draft for each, kept apart; sent without leaving the page; nothing lost when that fails.

import { Drafts } from "../lib/drafts.js";
import { fragment } from "../lib/http.js";
import { setMine } from "../lib/presence.js";
import { clientId, restore, send } from "../lib/outgoing.js";
import { putBack, typed } from "../lib/readers.js";
import { toast } from "../lib/toast.js";

const QUIET = 20000; // after this without a key nobody is "replying" any more
const SIGN = /(?:[/@:#]|\{\{)[^\s]*$/;

export function composer(form, signal) {
  const text = form.querySelector("textarea");
  const files = form.querySelector('input[type="file"]');
  const extras = form.querySelector("[data-extras]");
  const other = form.querySelector("[data-elsewhere]");
  const mode = () => new FormData(form).get("mode");
  const ticket = Number(form.dataset.ticket);
  let shown = mode(), quiet, theirs = null;
  const drafts = new Drafts(form, signal, (which, draft, words) => {
    theirs = { which, draft };
    other.querySelector("[data-said]").textContent = words;
    other.hidden = which !== shown;
  });
  const draft = () => drafts.of[shown];
  const on = (target, name, act) => target.addEventListener(name, act, { signal });

  function fill(value) {
    text.value = value;
    text.placeholder = text.dataset[`${shown}Placeholder`];
    showExtras();
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // Files that are on the server already, and what macros do with the sending.
  function showExtras() {
    const { kept, actions } = draft();
    extras.hidden = !kept.length && !actions.length;
    extras.replaceChildren(...[...kept.map((one) => ["kept", one, one.name]), ...actions.map((one) => ["actions", one, `With the sending: ${one.words}`])].map(([list, one, words]) => {
      const item = Object.assign(document.createElement("li"), { className: "file" });
      const remove = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: "✕" });
      remove.setAttribute("aria-label", `Remove: ${words}`);
      remove.addEventListener("click", () => {
        drafts.change(shown, { [list]: draft()[list].filter((another) => another !== one) });
        showExtras();
        text.focus();
      });
      item.append(`${words} `, remove);
      return item;
    }));
  }

  async function use(macro) {
    const body = new FormData();
    if (form.elements.route) body.set("route", form.elements.route.value);
    try {
      const found = JSON.parse(await fragment(`/tickets/${ticket}/macros/${macro}`, { body }));
      if (found.done) {
        toast(found.done);
        document.dispatchEvent(new CustomEvent("helpdesk:catch-up"));
        return;
      }
      if (found.mode !== shown) form.querySelector(`[name="mode"][value="${found.mode}"]`).click();
      const at = text.selectionStart;
      const there = draft().actions.map((one) => one.words);
      drafts.change(shown, { kept: [...draft().kept, ...found.kept], actions: [...draft().actions, ...found.actions.filter((one) => !there.includes(one.words))] });
      text.setRangeText(found.text, at, text.selectionEnd, "end");
      showExtras();
      text.dispatchEvent(new Event("input", { bubbles: true }));
      text.focus();
      if (found.problems.length) toast(found.problems.join(" "), "warn");
    } catch (error) {
      toast(error.message, "bad");
    }
  }

  let triggers = null;
  const help = () => (triggers ??= import("../lib/triggers.js"));
  on(text, "input", (event) => {
    if (!triggers && event.isTrusted && SIGN.test(text.value.slice(0, text.selectionStart))) help().then((module) => signal.aborted || module.watchText(text, form, signal, use));
    if (text.value !== draft().text) drafts.change(shown, { text: text.value });
    clearTimeout(quiet);
    if (!text.value) return setMine(ticket, "viewing");
    if (document.activeElement === text) setMine(ticket, "replying");
    quiet = setTimeout(setMine, QUIET, ticket, "viewing");
  });
  on(text, "blur", () => drafts.flush(shown));
  on(form.querySelector("[data-macros]"), "click", async () => (await import("../lib/triggers.js")).pickMacro(form, use));
  on(form, "change", (event) => {
    if (event.target.name !== "mode") return;
    drafts.flush(shown);
    shown = mode(); // what was written in the other mode is kept already
    other.hidden = theirs?.which !== shown;
    fill(draft().text);
    text.focus();
  });
  on(other, "click", ({ target }) => {
    if (!target.closest("button")) return;
    if (target.closest("[data-theirs]")) {
      drafts.of[shown] = { ...theirs.draft };
      fill(theirs.draft.text);
    }
    drafts.change(shown, {});
    theirs = null;
    other.hidden = true;
    text.focus();
  });
  on(text, "keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.defaultPrevented) return;
    const control = event.ctrlKey || event.metaKey;
    const chat = form.dataset.enter === "chat" && shown === "reply" && !event.shiftKey && !event.altKey
      && !("mail" in (form.elements.route?.selectedOptions[0]?.dataset ?? { mail: "" })) && !matchMedia("(pointer: coarse)").matches;
    if (!control && !chat) return;
    event.preventDefault();
    const buttons = [...form.querySelectorAll("[data-send]")].filter((one) => !one.disabled);
    const resolve = control && event.shiftKey && shown === "reply";
    form.requestSubmit(resolve ? buttons.find((one) => one.value === "resolved") : buttons.find((one) => one.offsetParent));
  });
  on(form, "submit", (event) => {
    event.preventDefault();
    const button = event.submitter;
    const { kept, actions } = draft();
    const own = form.querySelector("[data-when]");
    if (button && "ownTime" in button.dataset && !own.value.trim()) return own.focus();
    if (!text.value.trim() && !files.files.length && !kept.length) return text.focus();
    const entry = { client_id: clientId(), mode: shown, text: text.value, files: [...files.files], action: `/tickets/${ticket}/${shown === "note" ? "notes" : "replies"}`, wait: "1", kept, actions,
      then: button?.name === "then" ? button.value : "", leaves: button?.name === "leaves" ? button.value || own.value : "", remember: button && "remember" in button.dataset ? "1" : "", route: shown === "reply" ? form.elements.route?.value : "", seen: form.elements.seen.value, ...(shown === "reply" ? typed(form) : {}) };
    if (entry.remember) remember(button);
    if (own) own.value = "";
    form.elements.seen.value = document.getElementById("ticket").dataset.seq; // what they see now, for the next answer
    files.value = "";
    files.dispatchEvent(new Event("change", { bubbles: true }));
    drafts.sent(shown);
    fill("");
    send(form, entry);
  });

  // The ending that was chosen is the first button's from now on.
  function remember(button) {
    const main = form.querySelector("[data-main]");
    main.value = button.value;
    main.querySelector("span").textContent = { resolved: "Send and resolve", pending: "Send and wait" }[button.value] ?? "Send";
    main.querySelector("use").setAttribute("href", button.querySelector("use").getAttribute("href"));
  }

  on(form, "composer:restore", ({ detail }) => {
    form.querySelector(`[name="mode"][value="${detail.mode}"]`).click();
    if ("version" in detail) drafts.of[shown] = { text: detail.text, version: detail.version, kept: detail.kept, actions: detail.actions };
    else drafts.change(shown, { text: detail.text, kept: detail.kept ?? [], actions: detail.actions ?? [] });
    if (detail.route && [...(form.elements.route?.options ?? [])].some((one) => one.value === detail.route && !one.disabled)) {
      form.elements.route.value = detail.route;
      form.elements.route.dispatchEvent(new Event("change", { bubbles: true }));
    }
    fill(detail.text);
    putBack(form, detail);
    text.focus();
  });
  on(document, "submit", (event) => {
    if (!event.target.matches("[data-take-back]")) return;
    event.preventDefault();
    import("./later.js").then(({ takeBack }) => takeBack(event.target));
  });
  signal.addEventListener("abort", () => clearTimeout(quiet));
  fill(draft().text || text.value);
  restore(form);
}
