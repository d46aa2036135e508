// Tags that exist already, fetched when somebody starts to type one; a choice or Enter adds it.

import { fragment } from "../lib/http.js";

export function tagNames(input, signal) {
  input.form.addEventListener("htmx:after:request", () => { input.value = ""; }, { signal });
  input.addEventListener("focus", async () => {
    document.getElementById("tag-names").innerHTML = await fragment("/tags").catch(() => "");
  }, { signal, once: true });
  input.addEventListener("input", (event) => {
    const picked = event.inputType === "insertReplacementText" || !event.inputType;
    if (picked && [...document.querySelectorAll("#tag-names option")].some((one) => one.value === input.value)) input.form.requestSubmit();
  }, { signal });
}
