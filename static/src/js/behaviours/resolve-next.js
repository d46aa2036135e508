// Resolves, and opens the next ticket of the list; the last one gives way to the one before it.

export function resolveNext(form, signal) {
  form.addEventListener("submit", () => {
    const rows = [...document.querySelectorAll(".ticket-row:not(.leaving)")];
    const at = rows.findIndex((row) => row.dataset.ticket === document.getElementById("ticket").dataset.ticket);
    const next = at < 0 ? rows[0] : rows[at + 1] ?? rows[at - 1];
    document.addEventListener("htmx:after:swap", function opened({ detail }) {
      if (detail.ctx.target?.id !== "ticket-header" || !detail.ctx.request) return;
      document.removeEventListener("htmx:after:swap", opened);
      (next?.isConnected ? next.querySelector("a") : document.querySelector("a[data-back]"))?.click();
    });
  }, { signal });
}
