// The console's keys (helpdesk/services/shortcut_keys.py). Never while somebody types, with a modifier, or while an
// input method composes. An agent's own keys are turned into the shipped ones first, so that everything below and every
// data-key speaks of those.

const GO = {
  "g i": "/inbox", "g m": "/inbox/mine", "g u": "/inbox/unassigned", "g c": "/contacts", "g a": "/articles", "g r": "/reports", "g s": "/settings", "g n": "/notifications",
};
const SEQUENCE = 1200; // ms between g and the next key

export function shortcuts(body, signal) {
  const mine = JSON.parse(body.dataset.keys);
  let going = 0;

  function move(step) {
    const links = [...document.querySelectorAll(".ticket-row > a")];
    const at = links.findIndex((link) => link === document.activeElement);
    const from = at < 0 ? links.findIndex((link) => link.hasAttribute("aria-current")) : at;
    links[Math.max(0, Math.min(links.length - 1, from + step))]?.focus();
  }

  const acts = {
    j: () => move(1), k: () => move(-1),
    o: () => document.activeElement.closest(".ticket-row > a")?.click(),
    u: () => document.querySelector("a[data-back]")?.click(), Escape: () => document.querySelector("a[data-back]")?.click(),
    x: () => (document.activeElement.closest(".ticket-row") ?? document.querySelector(".ticket-row:has([aria-current])"))?.querySelector(".pick input")?.click(),
    "/": () => document.querySelector("[data-key-focus]")?.focus(),
    "?": keys,
    g: () => { going = Date.now(); },
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented || event.altKey) return;
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey) {
      const open = { k: palette, "/": keys }[event.key.toLowerCase()];
      if (open) event.preventDefault(), open();
      return;
    }
    const typing = event.target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
    if (typing && event.key === "Escape") return event.target.blur();
    if (typing || event.ctrlKey || event.metaKey || mine.off || document.querySelector("dialog[open]")) return;
    const pressed = Date.now() - going < SEQUENCE ? `g ${event.key}` : event.key;
    const key = mine.changed[pressed] ?? pressed;
    going = 0;
    if (GO[key]) location.assign(GO[key]);
    else if (acts[key]) acts[key]();
    else if (!press(key)) return;
    event.preventDefault();
  }, { signal });
}

// The control that has this shipped key: on the ticket first, then anywhere.
function press(key) {
  const shown = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].filter((one) => !one.closest("[hidden]") && !one.disabled);
  const element = shown.find((one) => one.closest("#ticket")) ?? shown[0];
  if (!element) return false;
  element.click();
  if (element.matches("input")) element.focus();
  if (element.matches("[type=radio]")) element.form.querySelector("textarea")?.focus();
  if (element.matches("summary")) element.nextElementSibling.querySelector("button, a, input:not([type=hidden])")?.focus();
  return true;
}

async function keys() {
  const dialog = document.getElementById("keys");
  if (!dialog || dialog.open) return;
  dialog.showModal();
  const { fragment } = await import("../lib/http.js");
  const { content } = document.createElement("template");
  const list = document.createRange().createContextualFragment(await fragment("/keys").catch((error) => error.message));
  content.append(list);
  dialog.querySelector(".body").replaceChildren(content);
}

const palette = async () => (await import("../lib/palette.js")).open();
