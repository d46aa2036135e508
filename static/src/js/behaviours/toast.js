// Goes away by itself, unless it is bad news, a question, or somebody looks at it. `data-changed`: the page looks for
// what is new.

const STAY = 6000;
const STAY_TO_UNDO = 10000;

export function toast(element, signal) {
  element.querySelector("[data-close]").addEventListener("click", () => element.remove(), { signal });
  if ("changed" in element.dataset) document.dispatchEvent(new CustomEvent("helpdesk:catch-up"));
  if (element.classList.contains("bad") || "stays" in element.dataset) return;
  const stay = element.querySelector(".undo") ? STAY_TO_UNDO : STAY;
  let timer = setTimeout(() => element.remove(), stay);
  for (const name of ["mouseenter", "focusin"]) element.addEventListener(name, () => clearTimeout(timer), { signal });
  for (const name of ["mouseleave", "focusout"]) element.addEventListener(name, () => { clearTimeout(timer); timer = setTimeout(() => element.remove(), stay); }, { signal });
}
