// What the help centre's pages can do with a script: suggestions while somebody types, and the chat beside the page.
// Without it the same form searches and the same link opens the chat.

const PAUSE = 180; // ms without a key, before suggestions are asked for
const LEAST = 2; // letters

for (const form of document.querySelectorAll("[data-suggest]")) suggest(form);

function suggest(form) {
  const input = form.querySelector("input");
  const list = document.createElement("ul");
  list.className = "found";
  list.id = "found";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.dataset.label);
  form.append(list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-controls": "found", "aria-autocomplete": "list", "aria-expanded": "false" })) {
    input.setAttribute(name, value);
  }
  let timer = 0, asked = null, chosen = -1;

  const show = (open) => {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    choose(-1);
  };
  const choose = (number) => {
    chosen = number;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === number)));
    if (number < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[number].id);
  };
  const option = (at, text, href, kind) => {
    const item = document.createElement("li"), link = document.createElement("a");
    item.id = `found-${at}`;
    item.setAttribute("role", "option");
    item.className = kind;
    link.href = href;
    link.tabIndex = -1;
    link.dir = "auto";
    link.textContent = text;
    item.append(link);
    return item;
  };
  const ask = async () => {
    const query = input.value.trim();
    asked?.abort();
    if (query.length < LEAST) return show(false);
    asked = new AbortController();
    try {
      const answer = await fetch(`${form.dataset.suggest}?q=${encodeURIComponent(query)}`, { signal: asked.signal, credentials: "omit" });
      if (!answer.ok) return show(false);
      const found = await answer.json();
      if (!found.length || document.activeElement !== input) return show(false);
      const all = `${form.action}?q=${encodeURIComponent(query)}`;
      const from = `?q=${encodeURIComponent(query)}`;
      list.replaceChildren(...found.map((one, at) => option(at, one.title, one.path + from, "")), option(found.length, form.dataset.all, all, "all"));
      show(true);
    } catch {
      // another key was pressed, or the network is away: the form still works
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    const count = list.children.length;
    if (event.key === "Escape" && !list.hidden) event.preventDefault(), show(false);
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown") event.preventDefault(), choose((chosen + 1) % count);
    if (event.key === "ArrowUp") event.preventDefault(), choose(chosen > 0 ? chosen - 1 : count - 1);
    if (event.key === "Enter" && chosen >= 0) event.preventDefault(), list.children[chosen].firstChild.click();
  });
  form.addEventListener("focusout", (event) => form.contains(event.relatedTarget) || show(false));
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus until the click is done
}

document.addEventListener("click", (event) => {
  const menu = document.querySelector(".languages[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
  if (!event.target.closest("[data-chat]") || !window.hd || !window.hd.live) return;
  event.preventDefault();
  window.hd("open");
});
