// What is shown as code goes to the clipboard.
import { toast } from "../lib/toast.js";

export function copy(element, signal) {
  const button = element.querySelector("[data-copy]");
  if (!navigator.clipboard) return; // only on https and on this very machine; the text can be selected all the same
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(element.querySelector("pre").textContent);
    toast("Copied.");
  }, { signal });
}
