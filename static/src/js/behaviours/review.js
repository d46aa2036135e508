// The queue of open questions: keys, and what others decide shows at once.

import htmx from "htmx.org";
import { soon } from "../lib/soon.js";
import { read } from "../lib/store.js";

const OFF = "shortcuts-off";

export function review(element, signal) {
  const groups = () => [...element.querySelectorAll("[data-group]")];
  const at = () => groups().findIndex((one) => one.contains(document.activeElement));

  const refresh = soon(async () => htmx.ajax("GET", element.dataset.here, { target: element, swap: "innerMorph" }), signal);
  document.addEventListener("helpdesk:review", refresh, { signal });
  document.addEventListener("helpdesk:connected", refresh, { signal });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select, summary, dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (read(OFF, false)) return;
    const now = groups()[at()];
    if (event.key === "j" || event.key === "k") groups()[Math.max(0, Math.min(groups().length - 1, at() + (event.key === "j" ? 1 : -1)))]?.focus();
    else if (now?.querySelector(`[data-do="${CSS.escape(event.key)}"]`)) now.querySelector(`[data-do="${CSS.escape(event.key)}"]`).click();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation(); // the console's own keys come after these
  }, { signal, capture: true });

  (location.hash && document.getElementById(location.hash.slice(1)))?.focus();
}

// How many groups wait, on the entry of the navigation.
export function reviewCount(link, signal) {
  const place = link.querySelector("[data-count]");
  const look = soon(async () => {
    const response = await fetch("/articles/review/count", { headers: { "X-Fragment": "1", "X-Background": "1" }, signal });
    const count = response.ok ? Number(await response.text()) : 0;
    place.textContent = count > 99 ? "99+" : count || "";
    place.hidden = !count;
  }, signal);
  document.addEventListener("helpdesk:review", look, { signal });
  look();
}
