// The bell's panel: what is new, a line for each ticket, over whatever page is open.

import htmx from "htmx.org";
import { fragment } from "./http.js";

export async function openNews() {
  const dialog = document.getElementById("news");
  const body = dialog.querySelector(".body");
  if (!dialog.open) dialog.showModal();
  body.setAttribute("aria-busy", "true");
  body.innerHTML = await fragment("/notifications", { background: true }).catch((error) => {
    const sorry = document.createElement("p");
    sorry.textContent = error.message;
    return sorry.outerHTML;
  });
  body.removeAttribute("aria-busy");
  htmx.process(body);
  shown(dialog);
}

// "All" means what is shown here: what comes while the panel is open stays new.
export function shown(dialog = document.getElementById("news")) {
  const newest = dialog.querySelector("[data-notification]");
  const all = dialog.querySelector("[data-all]");
  all.elements.upto.value = newest?.dataset.notification ?? "";
  all.hidden = !newest;
}
