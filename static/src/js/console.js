// The agents' console. Pages work without it; this makes them live.

import htmx from "htmx.org";
import { start } from "./lib/behaviours.js";
import { keepCurrent } from "./lib/times.js";
import { toast as say } from "./lib/toast.js";
import { bell } from "./behaviours/bell.js";
import { composer } from "./behaviours/composer.js";
import { confirm } from "./behaviours/confirm.js";
import { copy } from "./behaviours/copy.js";
import { files } from "./behaviours/files.js";
import { live } from "./behaviours/live.js";
import { menus } from "./behaviours/menus.js";
import { panes } from "./behaviours/panes.js";
import { route } from "./behaviours/route.js";
import { shortcuts } from "./behaviours/shortcuts.js";
import { tagNames } from "./behaviours/tag-names.js";
import { ticket } from "./behaviours/ticket.js";
import { ticketList } from "./behaviours/ticket-list.js";
import { toast } from "./behaviours/toast.js";

document.documentElement.classList.add("js");
window.htmx = htmx;
document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => say(ctx.text?.length < 400 && !ctx.text.startsWith("<") ? ctx.text : "That did not work. Try again.", "bad"));
document.addEventListener("htmx:error", () => say("No connection. Nothing was changed; try again in a moment.", "bad"));
keepCurrent();
start({
  bell, composer, confirm, copy, files, live, menus, panes, route, shortcuts, ticket, toast,
  "tag-names": tagNames, "ticket-list": ticketList,
}, {
  "article-editor": async () => (await import("./behaviours/article-editor.js")).articleEditor,
  bulk: async () => (await import("./behaviours/bulk.js")).bulk,
  "choose-many": async () => (await import("./behaviours/choose-many.js")).chooseMany,
  language: async () => (await import("./behaviours/local.js")).language,
  later: async () => (await import("./behaviours/later.js")).later,
  "local-time": async () => (await import("./behaviours/local.js")).localTime,
  "mail-form": async () => (await import("./behaviours/mail-form.js")).mailForm,
  original: async () => (await import("./behaviours/original.js")).original,
  readers: async () => (await import("./behaviours/readers.js")).readers,
  "resolve-next": async () => (await import("./behaviours/resolve-next.js")).resolveNext,
  review: async () => (await import("./behaviours/review.js")).review,
  "review-count": async () => (await import("./behaviours/review.js")).reviewCount,
  suggest: async () => (await import("./behaviours/suggest.js")).suggest,
  tabs: async () => (await import("./behaviours/tabs.js")).tabs,
  template: async () => (await import("./behaviours/template.js")).template,
});
