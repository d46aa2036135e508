// The agents' console. Pages work without it; this makes them live.

import htmx from "htmx.org";
import { start } from "./lib/behaviours.js";
import { keepCurrent } from "./lib/times.js";
import { toast as say } from "./lib/toast.js";
import { bell } from "./behaviours/bell.js";
import { composer } from "./behaviours/composer.js";
import { confirm } from "./behaviours/confirm.js";
import { files } from "./behaviours/files.js";
import { language, localTime } from "./behaviours/local.js";
import { live } from "./behaviours/live.js";
import { mailForm } from "./behaviours/mail-form.js";
import { menus } from "./behaviours/menus.js";
import { original } from "./behaviours/original.js";
import { panes } from "./behaviours/panes.js";
import { readers } from "./behaviours/readers.js";
import { route } from "./behaviours/route.js";
import { shortcuts, shortcutSwitch } from "./behaviours/shortcuts.js";
import { tagNames } from "./behaviours/tag-names.js";
import { template } from "./behaviours/template.js";
import { ticket } from "./behaviours/ticket.js";
import { ticketList } from "./behaviours/ticket-list.js";
import { toast } from "./behaviours/toast.js";

document.documentElement.classList.add("js");
window.htmx = htmx;
document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => say(ctx.text?.length < 400 && !ctx.text.startsWith("<") ? ctx.text : "That did not work. Try again.", "bad"));
document.addEventListener("htmx:error", () => say("No connection. Nothing was changed; try again in a moment.", "bad"));
keepCurrent();
start({
  bell, composer, confirm, files, language, live, menus, original, panes, readers, route, shortcuts, template, ticket, toast,
  "local-time": localTime, "mail-form": mailForm, "shortcut-switch": shortcutSwitch, "tag-names": tagNames, "ticket-list": ticketList,
});
