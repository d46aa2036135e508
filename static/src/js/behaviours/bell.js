// How many things wait to be looked at: on the bell and in the tab's title. A new one is also said aloud, once.

import { fragment } from "../lib/http.js";
import { toast } from "../lib/toast.js";

const WORDS = { handover: "needs a person", assigned: "is yours now", rating: "got a low rating", breach: "is overdue", failure: "has a message that did not arrive" };

export function bell(link, signal) {
  const place = link.querySelector("[data-count]");
  let count = 0;

  async function look() {
    const html = await fragment("/notifications/count", { background: true, signal }).catch(() => null);
    if (html === null) return;
    count = Number(html.replace(/<[^>]*>/g, "").match(/\d+/)?.[0] ?? 0);
    place.textContent = count > 99 ? "99+" : count || "";
    place.hidden = !count;
    title();
  }

  function title() {
    const plain = document.title.replace(/^\(\d+\) /, "");
    document.title = count ? `(${count}) ${plain}` : plain;
  }

  async function seen(ticket) {
    if (!count || !ticket) return;
    const body = new FormData();
    body.set("ticket", ticket);
    await fragment("/notifications/seen", { body }).catch(() => {});
    look();
  }

  const open = () => Number(document.getElementById("ticket")?.dataset.ticket);
  document.addEventListener("helpdesk:alert", ({ detail }) => {
    if (detail.ticket && detail.ticket === open() && !document.hidden) return seen(detail.ticket);
    if (!detail.ticket) toast("An inbox is disconnected.", "bad", { href: "/settings/inboxes", label: "Open" });
    else toast(`Ticket #${detail.ticket} ${WORDS[detail.kind] ?? "wants a look"}.`, "", { href: `/tickets/${detail.ticket}`, label: "Open" });
    look();
  }, { signal });
  document.addEventListener("htmx:after:swap", ({ detail }) => {
    if (detail.ctx.target?.id !== "ticket-pane") return;
    title();
    seen(open());
  }, { signal });
  document.addEventListener("visibilitychange", () => document.hidden || look(), { signal });
  look().then(() => seen(open()));
}
