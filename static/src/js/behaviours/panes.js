// Which pane is in front (phones), drawers, and the mark on the row that is open.

export function panes(inbox, signal) {
  const scrim = inbox.querySelector(".scrim");
  const on = (target, name, act) => target.addEventListener(name, act, { signal });

  function drawer(id) {
    for (const part of inbox.querySelectorAll(".rail, .contact-panel")) part.classList.toggle("open", part.id === id);
    for (const button of inbox.querySelectorAll("[data-drawer]")) button.setAttribute("aria-expanded", String(button.dataset.drawer === id));
    scrim.hidden = !id;
    if (id) document.getElementById(id).querySelector("a, button")?.focus();
  }

  function mark() {
    const id = inbox.querySelector("#ticket")?.dataset.ticket;
    for (const link of inbox.querySelectorAll(".ticket-row > a")) {
      if (link.parentElement.dataset.ticket === id && inbox.dataset.pane === "ticket") link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  on(inbox, "click", (event) => {
    const opener = event.target.closest("[data-drawer]");
    if (opener) drawer(opener.getAttribute("aria-expanded") === "true" ? null : opener.dataset.drawer);
    if (event.target.closest("[data-drawer-close]")) drawer(null);
    const back = event.target.closest("a[data-back]");
    if (back && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
      event.preventDefault();
      inbox.dataset.pane = "list";
      history.pushState({ htmx: true }, "", back.getAttribute("href"));
      const row = inbox.querySelector(".ticket-row > a[aria-current]") ?? inbox.querySelector(".ticket-row > a");
      row?.focus();
    }
  });
  on(document, "keydown", (event) => {
    if (event.key === "Escape" && !scrim.hidden) { event.stopPropagation(); drawer(null); }
  });
  on(document, "htmx:after:swap", ({ detail }) => {
    if (detail.ctx.target?.id === "list-pane") mark();
    if (detail.ctx.target?.id !== "ticket-pane") return;
    inbox.dataset.pane = "ticket";
    drawer(null);
    mark();
  });
}
