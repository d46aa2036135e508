// The chat in its frame: ties the parts together. What is shown is always what the helpdesk answers; the open line only
// says when to ask.
import { Api, Refused } from "./api.js";
import { Composer } from "./composer.js";
import { h, icon } from "./dom.js";
import { Facts } from "./facts.js";
import { Host } from "./host.js";
import { Live } from "./live.js";
import { Outbox } from "./outbox.js";
import { showNotice } from "./notice.js";
import { ending, greeting, menuItems, personChip, standing } from "./panels.js";
import { session } from "./storage.js";
import { current, nearest, t, use } from "./text.js";
import { paint } from "./theme.js";
import { Thread } from "./thread.js";
import { Uploads } from "./uploads.js";

const POLL = 30000; // ms; heals whatever notice was lost
const TYPING_SHOWN = 6000;

const config = JSON.parse(document.getElementById("config").textContent);
const EMPTY = { conversation: null, seen: 0, read: 0, person: Boolean(config.person), hours: config.hours, ask: config.ask };
const given = new URLSearchParams(location.hash.slice(1));
const find = (name) => document.getElementById(name);
const [scroller, intro, log, after, bar, status, chips, menu, newer] =
  ["scroller", "intro", "log", "after", "bar", "status", "chips", "menu", "newer"].map(find);

const memory = `hd:${config.key}`;

let state = { ...EMPTY };
let items = new Map(); // seq → message
let page = "", open = parent === self, loaded = false, unread = -1, lost = false, typingTimer = 0, note = "", asking = false;
let refreshing = null, again = false;

const api = new Api(config.key);
const about = () => ({ locale: current(), page });
const host = new Host(given.get("origin"), config.origins, {
  open: () => show(true),
  close: () => show(false),
  page: (value) => (page = String(value).slice(0, 500)),
  setLocale: (value) => changeLanguage(String(value)),
  prefill: (value) => composer.fill(String(value)),
  sendMessage: (value) => say(String(value)),
  identify,
  setAttributes: (value) => (facts.told(value), tellFacts(), render()),
  pages: (value) => (facts.visited(value), tellFacts()),
  logout,
});
const facts = new Facts(config.pages);
const live = new Live(config.key, () => api.token, {
  connect: () => (refresh(), outbox.again()),
  message: () => refresh(),
  typing: ({ name }) => typing(name),
  read: ({ conversation, seq }) => {
    if (conversation === state.conversation) state.read = Math.max(state.read, seq);
    render();
  },
});
api.renewed = () => (api.token ? (live.restart(), tellFacts()) : live.stop());
const outbox = new Outbox(session, `${memory}:outbox`, deliver, () => render());
const topic = () => (state.conversation ? "" : session.get(`${memory}:topic`) || "");
const uploads = new Uploads(carry, () => ({ ...about(), topic: topic() }), () => render());
const thread = new Thread(log, scroller, {
  retry: (id) => (uploads.find(id) ? uploads.retry(uploads.find(id)) : outbox.retry(id)),
  cancel: (id) => uploads.cancel(id),
  press: (button) => say(button.label, button.payload),
  answer: (text) => say(text),
  picture: (file) => api.blob(`files/${file.id}`),
  download,
  rate: (seq, score, comment) => api.call("POST", "rate", { seq, score, comment }),
});
const composer = new Composer(find("composer"), config.limits, {
  send: (text) => say(text),
  files: (files) => files.forEach((file) => uploads.add(file)),
  typing: () => live.tell("typing", {}),
  problem: (sentence) => announce(sentence),
});

// --- Saying ---

function say(text, payload = "") {
  note = "";
  if (text.trim()) return outbox.add({ text: text.trim().slice(0, config.limits.text), payload });
}

async function deliver(entry) {
  await api.start(about);
  await tellFacts(); // they may answer what must be answered first
  const message = { client_id: entry.client_id, text: entry.text, payload: entry.payload, ...about(), topic: topic() };
  if (live.on) {
    const answer = await live.ask("message", message).catch(() => null);
    if (answer?.ok) return refresh();
    if (answer && answer.status !== 401) throw new Refused(answer.status, answer.error, answer.retry_after);
  }
  try {
    await api.call("POST", "messages", message);
  } catch (refused) {
    if (refused.status !== 401) throw refused;
    await api.start(about); // the token is no longer good: this browser begins anew
    await api.call("POST", "messages", message);
  }
  host.tell("conversation");
  live.start();
  if (!live.on) setTimeout(refresh, 600);
}

async function carry(form, progress, signal) {
  await api.start(about);
  await tellFacts();
  await api.upload("files", form, progress, signal);
  host.tell("conversation");
  live.start();
  refresh();
}

// --- Hearing ---

function refresh() {
  if (!api.token) return Promise.resolve();
  if (refreshing) return (again = true), refreshing;
  refreshing = ask().finally(() => {
    refreshing = null;
    if (again) (again = false), refresh();
  });
  return refreshing;
}

async function ask() {
  const used = api.token;
  try {
    const answer = await api.call("GET", `messages?after=${Math.max(0, ...items.keys())}&conversation=${state.conversation || ""}`);
    if (api.token === used) take(answer); // otherwise they signed out meanwhile, or in as somebody else
    lost = false;
  } catch (refused) {
    if (refused.status === 401) forget();
    lost = refused.status === 0;
  }
  render();
  if (api.token) live.start();
}

function take({ state: now, items: list = [] }) {
  if (now) {
    if (now.conversation !== state.conversation) items = new Map();
    else now.read = Math.max(now.read, state.read);
    state = now;
    if (state.conversation) host.tell("conversation");
  }
  for (const item of list) {
    if (loaded && item.from !== "me" && !items.has(item.seq)) {
      host.tell("message", { from: item.from });
      typing(null);
    }
    items.set(item.seq, item);
  }
  const back = new Set([...items.values()].map((item) => item.client_id).filter(Boolean));
  uploads.arrived(back);
  outbox.arrived(back);
  loaded = true;
  seen();
}

function seen() {
  const last = Math.max(0, ...[...items.values()].filter((item) => item.from !== "me").map((item) => item.seq));
  if (!open || document.hidden || last <= state.seen || !state.conversation) return;
  state.seen = last;
  const body = { seq: last, conversation: state.conversation };
  if (!live.tell("seen", body)) api.call("POST", "seen", body).catch(() => (state.seen = 0));
}

function typing(name) {
  clearTimeout(typingTimer);
  find("typing").hidden = name === null;
  if (name === null) return;
  find("typing").querySelector(".sr").textContent = t("typing", { name: name || t("someone") });
  if (thread.atEnd) thread.toEnd();
  typingTimer = setTimeout(() => typing(null), TYPING_SHOWN);
}

// --- Who ---

// A token, {token}, or {id, hash, …}.
async function identify(value) {
  const word = value && typeof value === "object" ? value : { token: String(value) };
  try {
    const before = api.token, answer = await api.call("POST", "identify", { ...word, ...about() });
    take(answer);
    warn("identify", answer.ignored);
    if (api.token !== before) items = new Map();
    refresh();
  } catch (refused) {
    warn("identify", [`was refused: ${refused.message || "no connection"}`]);
  }
}

async function tellFacts() {
  if (!api.token || !facts.waiting) return;
  const body = facts.take(), used = api.token;
  try {
    const answer = await api.call("POST", "site", body);
    if (api.token === used) take(answer);
    warn("setAttributes", answer.ignored);
    render();
  } catch (refused) {
    if (!refused.final) return facts.back(body);
    warn("setAttributes", [refused.message]);
  }
}

const warn = (command, lines = []) => lines.forEach((line) => console.warn(`helpdesk widget: ${command}: ${line}`));

function logout() {
  if (api.token) api.call("POST", "logout").catch(() => {});
  api.keep(null);
  outbox.clear();
  facts.clear();
  forget();
}

function forget() {
  state = { ...EMPTY };
  items = new Map();
  uploads.list = [];
  outbox.arrived(new Set(outbox.list.filter((one) => one.state === "sent").map((one) => one.client_id)));
  thread.clear();
  render();
}

async function saveContact(email, name, prefers) {
  take(await api.call("POST", "contact", { email, name, prefers }));
  note = t("saved", { email });
  render();
}

// --- What is asked ---

const asked = () => JSON.parse(session.get(`${memory}:asked`) || "[]");
const wasAsked = (fields) => session.set(`${memory}:asked`, JSON.stringify([...new Set([...asked(), ...fields])]));
// What must be answered is asked until the helpdesk has it; what may stay empty, once.
const questions = () => (state.ask || []).filter((one) =>
  !facts.knows(one.field) && (one.required && one.field !== "topic" ? true : !asked().includes(one.field)));

async function answerQuestions({ topic = "", fields: own, ...who }) {
  const fields = questions().map((one) => one.field);
  await api.start(about);
  if (Object.values({ ...who, ...own }).some(Boolean)) who.fields = own, take(await api.call("POST", "contact", who));
  session.set(`${memory}:topic`, topic || null);
  wasAsked(fields);
  render();
  composer.focus();
}

function skipQuestions() {
  wasAsked(questions().map((one) => one.field));
  render();
  composer.focus();
}

const code = {
  async send() {
    take(await api.call("POST", "code", {}));
    render();
    after.querySelector(".code")?.focus();
  },
  async check(typed) {
    const { to } = state.confirm, { result, left, state: now } = await api.call("POST", "code/check", { code: typed });
    if (result === "right") note = t("confirmed", { to });
    take({ state: now });
    render();
    return result === "wrong" ? t("codeWrong", { n: left }) : result === "over" ? t("codeOver") : "";
  },
  notNow: () => (session.set(`${memory}:unconfirmed`, "1"), render()),
};

// --- Showing ---

function entries() {
  const shown = [...items.values()].sort((a, b) => a.seq - b.seq).map((item) => ({
    ...item,
    name: item.name || t(item.from === "assistant" ? "assistant" : "team"),
    state: item.from === "me" ? (item.seq <= state.read ? "read" : "delivered") : undefined,
    survey: item.survey && { ...item.survey, seq: item.seq },
  }));
  const waiting = [...outbox.list.map((one) => ({ ...one, from: "me" })), ...uploads.list];
  return [...shown, ...waiting.sort((a, b) => (a.at < b.at ? -1 : 1))];
}

let greeted = "";
function render() {
  const list = entries(), started = Boolean(state.conversation) || list.length > 0, first = started ? [] : questions();
  const mark = current() + JSON.stringify(first);
  intro.hidden = started;
  find("composer").hidden = first.some((one) => one.required);
  if (!started && greeted !== mark) intro.replaceChildren(...greeting(config, say, person, first, answerQuestions, skipQuestions, help));
  if (!started) greeted = mark;
  if (thread.show(list)) newer.hidden = false;
  showNotice(find("privacy"), config, async () => (await api.start(about), api.call("POST", "notice", { locale: current() })));
  status.textContent = standing(state);
  status.classList.toggle("here", state.hours.open);
  bar.hidden = navigator.onLine && !lost;
  chips.hidden = !state.person || !started || offered(list.at(-1));
  menu.firstChild.hidden = !state.person;
  tail(started);
  count();
}

// The last message offers a person itself: the same button twice would be one too many.
const offered = (last) => Boolean(last?.buttons?.some((one) => one.payload === config.person));

let drawnTail = "";
function tail(started) {
  const wants = {
    settled: started && state.settled, note, asking,
    away: started && state.away && !state.hours.open && Boolean(state.hours.opens_at),
    contact: Boolean(state.ask_contact) && !session.get(`${memory}:later`),
    confirm: state.confirm && (state.confirm.sent || !session.get(`${memory}:unconfirmed`)) ? state.confirm : null,
  };
  const mark = JSON.stringify([wants, current(), state.conversation]);
  if (mark === drawnTail) return; // redrawing would throw away what is being typed there
  drawnTail = mark;
  const follows = thread.atEnd;
  after.replaceChildren(...ending(wants, state, {
    save: saveContact,
    later: () => (session.set(`${memory}:later`, "1"), render()),
    code,
    stay: () => ((asking = false), render()),
    leave: startFresh,
  }));
  if (follows) thread.toEnd();
}

function person() {
  say(t("personAsked"), config.person);
}

// The help centre is a script of its own, which comes when somebody wants it.
function help() {
  const openIt = () => window.hdHelp(find("help"), {
    call: (path, body) => api.call(body ? "POST" : "GET", path, body), locale: current, close: () => composer.focus(),
    ask(title, sentence) {
      if (state.conversation) composer.fill(sentence);
      else session.set(`${memory}:topic`, title || null), (note = title && `“${title}”`), render();
      composer.focus();
    },
  });
  if (window.hdHelp) return openIt();
  document.head.append(h("link", { rel: "stylesheet", href: config.help.style }), h("script", { src: config.help.script, onload: openIt }));
}

function askFresh() {
  if (state.settled || !items.size) return startFresh();
  asking = true;
  render();
  thread.toEnd();
}

async function startFresh() {
  asking = false;
  note = "";
  session.set(`${memory}:asked`, JSON.stringify(asked().filter((field) => field !== "topic")));
  session.set(`${memory}:topic`, null);
  try {
    if (api.token) take(await api.call("POST", "end", {}));
    composer.focus();
  } catch (refused) {
    announce(refused.message || t("error"));
  }
  render();
}

function count() {
  const now = open ? 0 : [...items.values()].filter((item) => item.from !== "me" && item.seq > state.seen).length;
  if (now === unread) return;
  unread = now;
  host.tell("unread", now);
}

function announce(sentence) {
  const alert = find("alert");
  alert.textContent = sentence;
  alert.hidden = false;
  setTimeout(() => (alert.hidden = true), 6000);
}

async function download(file) {
  try {
    const url = URL.createObjectURL(await api.blob(`files/${file.id}`));
    h("a", { href: url, download: file.name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  } catch (refused) {
    announce(refused.message || t("error"));
  }
}

function show(now) {
  open = now;
  if (!now) return count();
  seen();
  render();
  thread.toEnd();
  if (matchMedia("(pointer: coarse)").matches) find("title").focus();
  else composer.focus();
}

function toggleMenu(now) {
  menu.hidden = !now;
  find("more").setAttribute("aria-expanded", String(now));
  if (now) menu.querySelector("button:not([hidden])").focus();
}

async function changeLanguage(wanted) {
  const locale = nearest([wanted], config.locales);
  if (locale === current()) return;
  try {
    const answer = await api.call("GET", `words/${locale}`);
    use(answer.locale, answer.words);
    speak();
  } catch {
    announce(t("error")); // without a line the language stays
  }
}

function speak() {
  const label = (name, key) => {
    find(name).setAttribute("aria-label", t(key));
    find(name).title = t(key);
  };
  find("title").firstChild.textContent = t("title");
  label("close", "close");
  label("more", "menu");
  log.setAttribute("aria-label", t("thread"));
  bar.textContent = t("offline");
  newer.textContent = t("newer");
  composer.translate();
  chips.replaceChildren(personChip(person));
  menu.replaceChildren(...menuItems(...[person, askFresh, config.help && help].map((act) => act && (() => (toggleMenu(false), act())))));
  host.tell("label", t("launcher"));
  thread.clear();
  render();
}

find("close").append(icon("close"));
find("more").append(icon("menu"));
find("close").hidden = !host.framed;
find("close").addEventListener("click", () => host.tell("close"));
find("more").addEventListener("click", () => toggleMenu(menu.hidden));
newer.addEventListener("click", () => thread.toEnd());
scroller.addEventListener("scroll", () => thread.atEnd && (newer.hidden = true), { passive: true });
addEventListener("click", (event) => !event.target.closest("#more, #menu") && toggleMenu(false));
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (!menu.hidden) toggleMenu(false), find("more").focus();
  else host.tell("close");
});
addEventListener("online", () => (refresh(), outbox.again(), render()));
addEventListener("offline", render);
document.addEventListener("visibilitychange", () => document.hidden || (refresh(), seen()));
setInterval(() => document.hidden || (refresh(), outbox.flush()), POLL);

paint(config.color, given.get("theme") || "auto");
use(config.locale, config.words);
speak();
host.tell("color", config.color);
host.tell("ready");
refresh();
outbox.again();
if (open) composer.focus();
