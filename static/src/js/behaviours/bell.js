// How many things wait to be looked at: on the bell, in the tab's title and on its symbol. A new one is also said aloud,
// once. A press opens the list over the page; with a modifier, or on the page of the news, the link stays a link.

import { fragment } from "../lib/http.js";
import { toast } from "../lib/toast.js";

const WORDS = { handover: "needs a person", assigned: "is yours now", rating: "got a low rating", breach: "is overdue", failure: "has a message that did not arrive" };

export function bell(link, signal) {
  const place = link.querySelector("[data-count]");
  let count = 0, drawn = 0;

  async function look() {
    const html = await fragment("/notifications/count", { background: true, signal }).catch(() => null);
    if (html === null) return;
    count = Number(html.replace(/<[^>]*>/g, "").match(/\d+/)?.[0] ?? 0);
    place.textContent = count > 99 ? "99+" : count || "";
    place.hidden = !count;
    title();
    if (count !== drawn) import("../lib/favicon.js").then(({ badge }) => badge(drawn = count));
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
  link.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || location.pathname === "/notifications") return;
    event.preventDefault();
    (await import("../lib/news.js")).openNews();
  }, { signal });
  document.addEventListener("htmx:after:swap", async ({ detail }) => {
    if (detail.ctx.target?.matches?.("[data-news]")) {
      look();
      (await import("../lib/news.js")).shown();
    }
    if (detail.ctx.target?.id !== "ticket-pane") return;
    title();
    seen(open());
  }, { signal });
  document.addEventListener("visibilitychange", () => document.hidden || look(), { signal });
  look().then(() => seen(open()));
}
