// The customer simulator: whose phone it is, which app is open, and what has changed since.
import { ask, post } from "./phone/api.js";
import { composer } from "./phone/composer.js";
import { home } from "./phone/home.js";
import { letter, letters, writing } from "./phone/mail.js";
import { APPS } from "./phone/apps.js";
import { cast } from "./phone/people.js";
import { seen, store } from "./phone/seen.js";
import { about, fill, header, sheet, thread, toEnd } from "./phone/screens.js";
import { keepsUnread, trouble } from "./phone/trouble.js";

const POLL = 1200;
const root = document.querySelector("[data-phone]");
const screen = root.querySelector("[data-screen]");
const here = { people: [], person: null, app: "", mail: "", apps: {}, typing: [], trouble: {}, state: "", composer: null };

const phone = {
  here,
  screen,
  look,
  go(app = "", mail = "") {
    here.app = app;
    here.mail = mail;
    here.composer = null;
    draw();
    location.hash = [here.person?.id, app].filter(Boolean).join("/");
  },
  async choose(id) {
    here.person = here.people.find((one) => one.id === id) ?? here.people[0];
    here.state = "";
    here.apps = {};
    here.typing = [];
    here.trouble = {};
    store("person", here.person.id);
    people.draw(here);
    phone.go();
    await look();
  },
  place: () => `people/${here.person.id}/${here.app}`,
  async send(fields, to = phone.place()) {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) if (value) form.append(name, value);
    await post(`${to}/messages`, form);
    await look();
  },
  async change(id, what, words = "", to = phone.place()) {
    await post(`${to}/change`, JSON.stringify({ id, what, words })).then(() => phone.say(""), (problem) => phone.say(problem.message));
    await look();
  },
  async add(fields) {
    const person = await post("people", JSON.stringify(fields));
    here.people.push(person);
    await phone.choose(person.id);
  },
  say(sentence) {
    const note = root.querySelector("[data-problem]");
    note.hidden = !sentence;
    note.querySelector("span").textContent = sentence;
  },
};

const people = cast(root, phone);
const drawer = trouble(root, phone);

async function look() {
  if (!here.person) return;
  const asked = here.person.id;
  try {
    const found = await ask(`people/${asked}?seen=${here.state}`);
    if (root.dataset.offline) phone.say("");
    delete root.dataset.offline;
    if (!found || asked !== here.person.id) return;
    here.apps = found.apps;
    here.typing = found.typing;
    here.trouble = found.trouble;
    here.state = found.state;
    seen.begin(here);
    root.querySelector("[data-undelivered]").hidden = !found.undelivered;
    draw(true);
  } catch (problem) {
    root.dataset.offline = "1";
    phone.say(problem.message);
  }
}

// With `again` the person stays where they are: what they are typing and how far they have scrolled is kept.
function draw(again = false) {
  if (!here.person) return;
  const entries = here.apps[here.app] ?? [];
  drawer.draw(here);
  screen.className = `screen ${here.app ? `app app-${here.app}` : "home"}`;
  screen.setAttribute("aria-label", here.app ? APPS[here.app].name : "Home screen");
  if (!here.app) return screen.replaceChildren(...home(phone));
  read(entries);
  if (here.app === "email") return drawMail(entries, again);
  if (!again || !here.composer) {
    here.composer = composer(phone);
    screen.replaceChildren(header(phone), thread(phone, entries), here.composer);
    toEnd(screen.querySelector(".thread"));
    return undefined;
  }
  screen.querySelector(".bar small").textContent = about(phone);
  fill(phone, screen.querySelector(".thread"), entries);
  return undefined;
}

function drawMail(entries, again) {
  if (again && here.mail) return; // a mail does not change, and one that is being written must not be lost
  const parts = here.mail === "new" ? [writing(phone)]
    : here.mail ? [letter(phone, entries.find((one) => one.id === here.mail))] : [header(phone), letters(phone, entries)];
  screen.replaceChildren(...parts);
}

async function read(entries) {
  if (document.hidden || keepsUnread(here.app) || !seen.mark(here, entries)) return;
  await post(`people/${here.person.id}/${here.app}/read`).catch(() => {});
}

function tick() {
  root.querySelector("[data-clock]").textContent = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

root.querySelector("[data-home]").addEventListener("click", () => phone.go());
root.querySelector("[data-cast-open]").addEventListener("click", () => sheet(root, "cast", true));
root.querySelector("[data-redeliver]").addEventListener("click", () => post("redeliver").then(look, (e) => phone.say(e.message)));

(async () => {
  tick();
  setInterval(tick, 10_000);
  try {
    here.people = (await ask("people")).people;
  } catch (problem) {
    return phone.say(problem.message);
  }
  const [wanted, app] = location.hash.slice(1).split("/");
  await phone.choose(here.people.some((one) => one.id === wanted) ? wanted : store("person"));
  if (app in APPS) phone.go(app);
  setInterval(() => document.hidden || look(), POLL);
  return undefined;
})();
