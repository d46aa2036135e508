// Goes away by itself, unless it is bad news or somebody looks at it.

const STAY = 6000;

export function toast(element, signal) {
  element.querySelector("[data-close]").addEventListener("click", () => element.remove(), { signal });
  if (element.classList.contains("bad")) return;
  let timer = setTimeout(() => element.remove(), STAY);
  element.addEventListener("mouseenter", () => clearTimeout(timer), { signal });
  element.addEventListener("mouseleave", () => { timer = setTimeout(() => element.remove(), STAY); }, { signal });
}
