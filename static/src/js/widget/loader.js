// The launcher on the pages of a site:
//   <script async src="https://help.example.com/widget.js" data-inbox="KEY"></script>
// Options are data attributes, or the argument of hd("boot", {…}): inbox, color, position (end or start), locale,
// theme (auto, light, dark), label, launcher ("off" to bring your own button), pages ("off": this page is told to nobody).
// Calls made before this file arrives are kept by
//   window.hd = window.hd || function () { (hd.q = hd.q || []).push(arguments) };
// Nothing inline is used, so a strict policy needs only script-src and frame-src with the helpdesk's origin. The chat
// itself lives in a frame of another origin, which is made on the first opening or when a conversation exists. Until then
// what the page tells, and which pages were looked at, stays in this tab.

const CSS = `
:host{all:initial;position:fixed;z-index:2147483000;color-scheme:inherit}
:host([hidden]){display:none}
button{position:fixed;bottom:max(20px,env(safe-area-inset-bottom));inset-inline-end:20px;width:56px;height:56px;padding:0;border:0;
border-radius:50%;background:var(--c);color:var(--t);cursor:pointer;display:grid;place-items:center;
box-shadow:0 6px 20px #0000002e,0 1px 4px #00000024;transition:transform .16s}
button:hover{transform:scale(1.06)}button:active{transform:scale(.96)}
button:focus-visible{outline:3px solid var(--c);outline-offset:3px}
.start button,.start iframe{inset-inline:20px auto}
svg{width:26px;height:26px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
b{position:absolute;top:-3px;inset-inline-end:-3px;min-width:10px;height:20px;padding:0 5px;border-radius:10px;
background:#d92d20;color:#fff;font:700 12px/20px system-ui,sans-serif;text-align:center}
[hidden]{display:none!important}
iframe{position:fixed;bottom:92px;inset-inline-end:20px;width:392px;height:min(660px,100dvh - 112px);border:0;border-radius:18px;
box-shadow:0 18px 60px #00000038,0 2px 10px #0000001f;animation:i .2s ease-out;color-scheme:inherit}
@keyframes i{from{opacity:0;transform:translateY(12px)}}
@media (max-width:480px),(max-height:420px){.wrap iframe{inset:0;width:100%;height:100%;height:100dvh;border-radius:0}.open button{display:none}}
@media (prefers-reduced-motion:reduce){iframe{animation:none}button{transition:none}}
@media print{.wrap{display:none}}`;
const CHAT = "M21 11.5a8.4 8.4 0 0 1-12.2 7.5L3 21l2-5.8A8.4 8.4 0 1 1 21 11.5z";
const CROSS = "M18 6 6 18M6 6l12 12";
const VISITOR_COMMANDS = ["identify", "logout", "setLocale", "prefill", "sendMessage"];

const script = document.currentScript;
const home = new URL(script.src);
const queued = window.hd?.q || [];
const listeners = {};
const moves = window.navigation ? [navigation, "navigatesuccess"] : [window, "popstate"];
let options = { ...script.dataset };
const root = document.documentElement;
let host = null, wrap, launcher, icon, badge, frame = null, ready = false, isOpen = false, waiting = [], life, watcher, scroll, opener;

const memory = (value, area = "localStorage") => {
  try {
    if (value) window[area].setItem(`hd:${options.inbox}`, value);
    return window[area].getItem(`hd:${options.inbox}`);
  } catch {
    return null; // storage is switched off: the chat then starts anew on every page
  }
};
const visited = () => JSON.parse(memory(0, "sessionStorage") || "[]");
const here = () => location.origin + location.pathname;
const tell = (name, ...values) => [...listeners[name] || []].forEach((f) => f(...values));
const send = (message) => ready ? frame.contentWindow.postMessage(message, home.origin) : waiting.push(message);
const post = (type, value) => send({ hd: 1, type, value });
const make = (tag, properties, parent) => parent.appendChild(Object.assign(document.createElement(tag), properties));
const aria = (name, value) => launcher.setAttribute(`aria-${name}`, value);
const draw = (path) => icon.setAttribute("d", path);

// Text on the accent colour: white where that has a contrast of 4.5:1 (relative luminance of WCAG 2.2), else black. Its
// straight piece near black is left out: that is less than 0.001 of luminance.
const textOn = (color) => {
  const [r, g, b] = [1, 3, 5].map((at) => ((parseInt(color.slice(at, at + 2), 16) / 255 + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b > .183 ? "#000" : "#fff";
};
const paint = (color) => {
  if (!/^#[0-9a-f]{6}$/i.test(color)) return;
  wrap.style.setProperty("--c", color);
  wrap.style.setProperty("--t", textOn(color));
};

const unread = (count) => {
  badge.hidden = !count;
  badge.textContent = count > 99 ? "99+" : count;
  tell("unread", count);
};

const received = ({ data, origin, source }) => {
  if (!frame || source !== frame.contentWindow || origin !== home.origin || !data || data.hd !== 1) return;
  const { type, value } = data;
  if (type === "ready") {
    ready = true;
    waiting.splice(0).forEach(send);
    tell("ready");
  } else if (type === "close") close();
  else if (type === "unread" && Number.isInteger(value)) unread(value);
  else if (type === "message") tell("message", value);
  else if (type === "conversation") memory("1");
  else if (type === "color" && typeof value === "string" && !options.color) paint(value);
  else if (type === "label" && typeof value === "string" && !options.label) aria("label", value);
};
const pressed = (event) => {
  if (event.key === "Escape" && isOpen && !event.defaultPrevented) close();
};

function visit() {
  const page = { url: location.href, title: document.title, at: Date.now() };
  if (options.pages === "off" || navigator.globalPrivacyControl) return;
  if (!frame) return memory(JSON.stringify([...visited(), page].slice(-50)), "sessionStorage");
  post("page", here());
  post("pages", [page]);
}

function load() {
  if (frame) return;
  const source = new URL(`widget/${encodeURIComponent(options.inbox)}/frame${options.locale ? `?locale=${options.locale}` : ""}`, home);
  source.hash = new URLSearchParams({ origin: location.origin, theme: options.theme || "auto" });
  frame = make("iframe", { title: options.label || "Chat", hidden: true, allow: "clipboard-write" }, wrap);
  frame.src = source;
  post("page", here());
  post("pages", visited());
  memory("[]", "sessionStorage");
}

function boot(given) {
  if (host) return;
  options = { ...options, ...given };
  if (!options.inbox) return console.warn("helpdesk: no inbox");
  const start = () => {
    if (host) return;
    // Beside <body>, so that frameworks which swap the body leave it alone.
    host = make("hd-widget", {}, root);
    const shadow = host.attachShadow({ mode: "closed" });
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      shadow.adoptedStyleSheets = [sheet];
    } catch {
      make("style", { textContent: CSS }, shadow); // Safari before 16.4
    }
    wrap = make("div", { className: "wrap", dir: getComputedStyle(document.body).direction }, shadow);
    wrap.classList.toggle("start", options.position === "start");
    launcher = make("button", { type: "button", onclick: toggle }, wrap);
    aria("label", options.label || "Chat");
    aria("expanded", false);
    const svg = launcher.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "svg"));
    svg.setAttribute("viewBox", "0 0 24 24");
    icon = svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "path"));
    draw(CHAT);
    badge = make("b", { hidden: true }, launcher);
    launcher.hidden = options.launcher === "off";
    paint("#2557d6");
    paint(options.color || "");
    life = new AbortController(); // has the `signal` that a listener's options may name
    addEventListener("message", received, life);
    addEventListener("keydown", pressed, life);
    moves[0].addEventListener(moves[1], visit, life);
    watcher = new MutationObserver(() => {
      if (host.isConnected) return;
      ready = false; // a moved frame loads again
      root.append(host);
    });
    watcher.observe(root, { childList: true });
    visit();
    if (memory()) (window.requestIdleCallback || setTimeout)(() => host && load());
    if (isOpen) isOpen = false, open();
  };
  document.body ? start() : addEventListener("DOMContentLoaded", start, { once: true });
}

function open() {
  if (!host) return void (isOpen = true);
  if (isOpen) return;
  load();
  isOpen = true;
  opener = document.activeElement;
  frame.hidden = host.hidden = false;
  wrap.classList.add("open");
  aria("expanded", true);
  draw(CROSS);
  if (matchMedia("(max-width:480px)").matches) {
    scroll = root.style.overflow;
    root.style.overflow = "hidden";
  }
  frame.focus();
  post("page", here());
  post("open");
  tell("open");
}

function close() {
  if (!isOpen || !host) return;
  isOpen = false;
  frame.hidden = true;
  wrap.classList.remove("open");
  aria("expanded", false);
  draw(CHAT);
  if (scroll !== undefined) root.style.overflow = scroll;
  scroll = undefined;
  post("close");
  if (launcher.hidden) opener?.focus?.();
  else launcher.focus();
  tell("close");
}

function toggle() {
  isOpen ? close() : open();
}

function destroy() {
  if (!host) return;
  close();
  watcher.disconnect();
  life.abort();
  host.remove();
  for (const name in listeners) delete listeners[name];
  host = frame = null;
  ready = false;
  waiting = [];
}

const commands = {
  boot, open, close, toggle, destroy,
  show: () => host && (host.hidden = false),
  hide: () => host && (close(), host.hidden = true),
  setAttributes: (value) => host && post("setAttributes", JSON.parse(JSON.stringify(value))),
  on: (name, f) => {
    (listeners[name] ||= new Set()).add(f);
    return () => commands.off(name, f);
  },
  off: (name, f) => listeners[name]?.delete(f),
};
VISITOR_COMMANDS.forEach((type) => {
  commands[type] = (value) => {
    if (!host) return;
    load();
    post(type, value);
    if (type === "prefill") open();
  };
});

function hd(command, ...values) {
  if (Object.hasOwn(commands, command)) return commands[command](...values);
  console.warn(`helpdesk: no command ${command}`);
}

if (!window.hd?.live) {
  hd.live = true;
  window.hd = hd;
  if (options.inbox) boot();
  for (const call of queued) hd(...call);
}
