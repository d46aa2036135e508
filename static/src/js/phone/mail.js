// The mail program: the list, one mail, and writing one.
import { h, withLinks } from "../widget/dom.js";
import { picker } from "./composer.js";
import { attachment } from "./bubble.js";
import { record, records } from "./recorder.js";
import { picture, voice } from "./samples.js";
import { header } from "./screens.js";
import { sign } from "./sign.js";
import { clock, day } from "./times.js";
import { tray } from "./tray.js";

const sender = (from) => from.replace(/\s*<[^>]*>/, "").replace(/^"|"$/g, "") || from;

// "me" where the header names this person; who got a copy, or a hidden one, reads whom it was written to.
const readers = ({ here }, mail) => (mail.mine ? mail.to : mail.to.toLowerCase().replaceAll(here.person.email, "me"));

export function letters(phone, entries) {
  if (!entries.length) return h("div", { class: "letters" }, h("p", { class: "empty" }, "No mail yet. Write the first one with the pen above."));
  return h("ul", { class: "letters" }, [...entries].reverse().map((mail) => h("li", {},
    h("button", { type: "button", onclick: () => phone.go("email", mail.id) },
      h("span", { class: "from" }, mail.mine ? `To: ${mail.to}` : sender(mail.from)),
      h("time", { dateTime: mail.at }, day(mail.at) === "Today" ? clock(mail.at) : day(mail.at)),
      h("span", { class: "subject" }, mail.files.length ? sign("attach", "With a file") : "", mail.subject || "(no subject)"),
      h("span", { class: "preview" }, mail.text.slice(0, 90))))));
}

export function letter(phone, mail) {
  const back = () => phone.go("email");
  if (!mail) return h("div", { class: "letter" }, header(phone, "Mail", back), h("p", { class: "empty" }, "This mail is gone."));
  const plain = h("div", { class: "text" }, mail.text.split("\n").map((line) => h("p", { class: line.startsWith(">") ? "quoted" : "" }, withLinks(line))));
  const designed = mail.html ? h("iframe", { src: mail.html, title: "The mail as designed", sandbox: "allow-popups allow-popups-to-escape-sandbox" }) : "";
  plain.hidden = Boolean(mail.html);
  const swap = mail.html ? h("button", { type: "button", class: "link", onclick: () => {
    plain.hidden = !plain.hidden;
    designed.hidden = !designed.hidden;
    swap.textContent = plain.hidden ? "Show as plain text" : "Show as designed";
  } }, "Show as plain text") : "";
  return h("article", { class: "letter" }, header(phone, " ", back),
    h("div", { class: "sheet" }, h("h2", {}, mail.subject || "(no subject)"),
      h("p", { class: "who" }, h("strong", {}, mail.mine ? "Me" : sender(mail.from)), ` to ${readers(phone, mail)}`, h("time", { dateTime: mail.at }, `${day(mail.at)} ${clock(mail.at)}`)),
      mail.cc ? h("p", { class: "who copies" }, `Cc: ${mail.cc}`) : "",
      designed, plain, mail.files.map(attachment), swap),
    mail.mine ? "" : reply(phone, mail));
}

export function writing(phone) {
  const copies = h("input", { name: "cc", placeholder: "Cc (optional)", "aria-label": "Cc", inputmode: "email", autocapitalize: "off", maxlength: 400 });
  const subject = h("input", { name: "subject", placeholder: "Subject", "aria-label": "Subject", maxlength: 200 });
  return h("article", { class: "letter" }, header(phone, "New mail", () => phone.go("email")),
    form(phone, "Write your mail", [h("p", { class: "to" }, "To: support@kopi.example"), copies, subject], () => ({ subject: subject.value, cc: copies.value })));
}

function reply(phone, mail) {
  const all = h("input", { type: "checkbox" });
  const choice = mail.others.length ? [h("label", { class: "all" }, all, ` Reply to all: also ${mail.others.join(", ")}`)] : [];
  return form(phone, "Reply", choice, () => ({ replies_to: mail.id, reply_all: all.checked ? "1" : "" }));
}

function form(phone, words, above, more) {
  const text = h("textarea", { rows: above.length > 1 ? 9 : 3, placeholder: words, "aria-label": words, name: "text" });
  const named = h("span", { class: "named" });
  let attached = null;
  const take = (file) => { attached = file ?? null; named.textContent = file?.name ?? ""; };
  const input = picker(take);
  async function speak() {
    try {
      const recording = await record();
      named.replaceChildren("Recording … ", h("button", { type: "button", class: "link", onclick: async () => take(await recording.stop()) }, "Attach it"));
    } catch (problem) {
      phone.say(problem.message);
    }
  }
  const offer = () => tray(phone.screen, "Attach", [
    { icon: "file", label: "A picture or document of yours", run: () => input.click() },
    { icon: "picture", label: "A ready picture", run: async () => take(await picture()) },
    records() && { icon: "microphone", label: "Record a voice note", run: speak },
    { icon: "microphone", label: "A ready voice note", run: () => take(voice()) },
  ]);
  const button = h("button", { type: "submit", class: "primary" }, "Send");
  return h("form", { class: "mail-form", onsubmit: async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      await phone.send({ text: text.value, file: attached, ...more() });
      phone.say("");
      phone.go("email");
    } catch (problem) {
      phone.say(problem.message);
      button.disabled = false;
    }
  } }, above, text, h("div", { class: "row" },
    h("button", { type: "button", class: "round", "aria-label": "Attach", onclick: offer }, sign("attach")), input, named, button));
}
