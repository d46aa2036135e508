// One message as its app shows it, and what can be done with it.
import { h, withLinks } from "../widget/dom.js";
import { can } from "./apps.js";
import { sign } from "./sign.js";
import { clock } from "./times.js";
import { tray } from "./tray.js";

const SIGNS = ["👍", "❤️", "😂", "😮", "🙏"];
const SIGN_NAMES = { "👍": "thumbs up", "❤️": "heart", "😂": "laughing", "😮": "surprised", "🙏": "thanks" };

// `answered`: something of the shop came later. `fresh`: its buttons are the ones to press now. `parent`: what it quotes.
export function bubble(phone, entry, { answered, fresh, parent }) {
  const read = entry.mine && (answered || entry.status === "read");
  const state = entry.mine ? sign(read ? "checks" : "check", read ? "Read" : "Sent") : "";
  return h("li", { class: `line ${entry.mine ? "mine" : "theirs"} ${entry.kind ?? ""}${entry.reaction ? " reacted" : ""}` },
    h("div", { class: "said" },
      h("div", { class: "bubble" },
        parent ? h("p", { class: "quote" }, h("strong", {}, parent.mine ? "You" : "Kopi & Co"), brief(parent)) : "",
        entry.files.map(attachment),
        entry.unsent ? h("p", { class: "gone" }, "You took this message back")
          : entry.text ? h("p", {}, words(entry)) : "",
        h("span", { class: `meta${read ? " read" : ""}` }, entry.edited ? "edited " : "", h("time", { dateTime: entry.at }, clock(entry.at)), " ", state)),
      entry.reaction ? h("span", { class: "reaction" }, entry.reaction) : "",
      menu(phone, entry)),
    entry.buttons.length ? h("div", { class: `choices${fresh ? "" : " old"}` }, entry.buttons.map((one) =>
      h("button", { type: "button", onclick: () => phone.send({ button: one.payload }).catch((e) => phone.say(e.message)) }, one.label))) : "");
}

function words(entry) {
  const [name, link] = entry.text.split("\n");
  if (entry.kind === "place") return [sign("pin"), h("a", { href: link ?? name, target: "_blank", rel: "noopener noreferrer" }, link ? name : "A place")];
  return [entry.kind === "card" ? sign("contacts") : "", ...withLinks(entry.text)];
}

export const brief = (entry) => entry.text.slice(0, 80) || entry.files[0]?.name || "…";

function menu(phone, entry) {
  const { app } = phone.here;
  const mine = entry.mine && !entry.unsent;
  const plain = mine && !entry.kind && !entry.files.length;
  const items = [
    can(app, "quote") && !entry.unsent && { icon: "reply", label: "Reply to it", run: () => phone.here.composer.about("reply", entry) },
    plain && can(app, "edit") && { icon: "edit", label: "Correct it", run: () => phone.here.composer.about("edit", entry) },
    mine && can(app, "unsend") && { icon: "trash", label: "Take it back", run: () => phone.change(entry.id, "unsend") },
  ].filter(Boolean);
  const reacts = can(app, "react") && !entry.unsent;
  if (!items.length && !reacts) return "";
  const open = () => {
    const close = tray(phone.screen, "This message", items, reacts ? h("div", { class: "signs" }, SIGNS.map((one) =>
      h("button", { type: "button", "aria-pressed": entry.reaction === one ? "true" : "false", "aria-label": `React with ${SIGN_NAMES[one]}`, onclick: () => {
        close();
        phone.change(entry.id, "react", entry.reaction === one ? "" : one);
      } }, one))) : "");
  };
  return h("button", { type: "button", class: "more", "aria-label": `What to do with: ${brief(entry)}`, onclick: open }, sign("more"));
}

export function attachment(file) {
  if (file.shown === "picture") return h("a", { href: file.url, target: "_blank", rel: "noopener", class: "picture" }, h("img", { src: file.url, alt: file.name }));
  if (file.shown === "audio") return h("audio", { controls: true, preload: "metadata", src: file.url, class: "sound", "aria-label": file.name });
  if (file.shown === "video") return h("video", { controls: true, preload: "none", src: file.url, class: "film", "aria-label": file.name });
  const size = file.size < 1e6 ? `${Math.max(1, Math.round(file.size / 1e3))} kB` : `${(file.size / 1e6).toFixed(1)} MB`;
  return h("a", { href: file.url, class: "file", download: file.name }, sign("file"), h("span", {}, file.name, h("small", {}, size)));
}
