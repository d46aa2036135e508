// The firm's privacy line above the field to write in, until the visitor has agreed to this very text.
import { h } from "./dom.js";
import { local } from "./storage.js";
import { t } from "./text.js";

export function showNotice(place, { key, privacy: { url } }, accept) {
  const text = t("privacy"), memory = `hd:${key}:privacy`, mark = `${text} ${url}`;
  place.hidden = !text || local.get(memory) === mark;
  if (place.hidden) return;
  const agree = h("button", { type: "button", class: "link", onclick: async () => {
    agree.disabled = true;
    try {
      await accept();
      local.set(memory, mark);
      place.hidden = true;
    } catch {
      agree.disabled = false; // offline: it stays to be pressed again
    }
  } }, t("privacyAgree"));
  const more = h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, t("privacyMore"));
  place.replaceChildren(h("p", { dir: "auto" }, text, url && " ", url && more), agree);
}
