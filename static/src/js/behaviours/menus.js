// Menus close when their work is done: on a choice, a click elsewhere, or Escape. Also copies links.

import { toast } from "../lib/toast.js";

export function menus(body, signal) {
  const close = (except) => {
    for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(except)) menu.open = false;
  };
  body.addEventListener("click", async (event) => {
    close(event.target);
    const copy = event.target.closest("[data-copy]");
    if (!copy) return;
    await navigator.clipboard?.writeText(copy.dataset.copy);
    toast("Copied.");
    close(null);
  }, { signal });
  body.addEventListener("submit", () => setTimeout(close, 0, null), { signal });
  body.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector(".menu[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
    event.stopPropagation();
  }, { signal });
}
