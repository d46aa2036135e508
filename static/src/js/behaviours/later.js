// A reply that leaves in a few seconds: counts down, and goes back into the composer on Undo.

import { fragment } from "../lib/http.js";
import { toast } from "../lib/toast.js";

export function later(item, signal) {
  const left = item.querySelector("[data-left]");
  const due = Date.parse(item.dataset.due);
  const show = () => {
    const seconds = Math.ceil((due - Date.now()) / 1000);
    left.textContent = seconds > 0 ? `Leaves in ${seconds} s` : "Sending …";
    if (seconds < 0 && seconds % 3 === 0) document.dispatchEvent(new CustomEvent("helpdesk:catch-up"));
  };
  const timer = setInterval(show, 1000);
  signal.addEventListener("abort", () => clearInterval(timer));
  show();
}

export async function takeBack(form) {
  try {
    const draft = JSON.parse(await fragment(form.action, { body: new FormData(form) }));
    form.closest("li").remove();
    document.getElementById("composer").dispatchEvent(new CustomEvent("composer:restore", { detail: draft }));
  } catch (error) {
    toast(error.message, "bad");
    document.dispatchEvent(new CustomEvent("helpdesk:catch-up"));
  }
}
