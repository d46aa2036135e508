// One of several panels, as https://www.w3.org/WAI/ARIA/apg/patterns/tabs/. Without a script all stand one below the other.
// The language that was chosen last is chosen on the next page, too.

const CHOSEN = "helpdesk:tab";

export function tabs(element, signal) {
  const all = [...element.querySelectorAll("[role=tab]")];
  const word = (tab) => tab.textContent.trim();
  const choose = (tab, focus) => {
    for (const one of all) {
      one.setAttribute("aria-selected", String(one === tab));
      one.tabIndex = one === tab ? 0 : -1;
      document.getElementById(one.getAttribute("aria-controls")).hidden = one !== tab;
    }
    if (focus) tab.focus();
  };
  const press = (tab) => {
    localStorage.setItem(CHOSEN, word(tab));
    choose(tab, true);
  };
  element.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (!tab) return;
    event.preventDefault();
    press(tab);
  }, { signal });
  element.addEventListener("keydown", (event) => {
    const at = all.indexOf(event.target), last = all.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    press(all[to]);
  }, { signal });
  choose(all.find((tab) => word(tab) === localStorage.getItem(CHOSEN)) || all[0]);
}
