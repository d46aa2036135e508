// The one socket. It only says that something changed; what changed is fetched. Without it the page polls. Where no
// direct line can be had (a proxy that knows no WebSocket) socket.io goes on with long requests, and a hint says so.

import { io } from "socket.io-client";

const CALM = 30000; // catch up although nothing was heard
const SLOW = 5000; // the same while the socket is down
const ASLEEP = 60000; // a tick so much too late: the machine slept, and the line may be dead without knowing it
const PATIENCE = 15000; // a long request becomes a direct line sooner, if it can
const FAILURES = 3; // of the socket, while pages come: the hint
let socket = null;
let watching = null;
let reachable = true;
let failures = 0;
let since = 0; // when the line came
let next = 0; // when the next tick is due
let ticking;

export function startSocket() {
  socket = io("/agent", { reconnectionDelayMax: 8000 });
  socket.on("connect", () => {
    failures = 0;
    since = Date.now();
    reachable = true;
    if (watching) socket.emit("watch", { ticket: watching });
    showState();
    tell("connected");
    catchUp();
  });
  socket.on("disconnect", () => setTimeout(() => socket.connected || catchUp(), 300));
  socket.on("connect_error", () => {
    failures += 1;
    catchUp();
  });
  for (const name of ["ticket", "delivery", "presence", "who", "alert", "review", "bulk"]) socket.on(name, (data) => tell(name === "ticket" ? "changed" : name, data));
  document.addEventListener("helpdesk:reachable", ({ detail }) => {
    reachable = detail.reachable;
    showState();
  });
  document.addEventListener("visibilitychange", () => document.hidden || (socket.connected ? catchUp() : retry()));
  window.addEventListener("pageshow", ({ persisted }) => persisted && retry());
  window.addEventListener("online", retry);
  window.addEventListener("offline", () => tell("reachable", { reachable: false }));
  setInterval(showState, 1000);
  wait(CALM);
}

function tick() {
  if (Date.now() - next > ASLEEP) socket.disconnect().connect();
  if (!document.hidden) tell("catch-up");
  showState();
  wait(socket.connected ? CALM : SLOW);
}

function wait(milliseconds) {
  clearTimeout(ticking);
  next = Date.now() + milliseconds;
  ticking = setTimeout(tick, milliseconds);
}

let waiting;
function catchUp() {
  clearTimeout(waiting);
  waiting = setTimeout(() => tell("catch-up"), 100);
}

export function retry() {
  socket.connect();
  catchUp();
}

export function watch(ticket) {
  watching = ticket;
  socket?.emit("watch", { ticket });
}

export function emit(name, data) {
  if (socket?.connected) socket.emit(name, data);
}

function showState() {
  const bar = document.getElementById("connection");
  const lost = !socket.connected && !reachable;
  if (lost && next - Date.now() > SLOW) wait(SLOW);
  const slow = !lost && (failures >= FAILURES || (socket.connected && socket.io.engine.transport.name === "polling" && Date.now() - since > PATIENCE));
  if (!bar) return;
  if (bar.hidden === lost) bar.hidden = !lost;
  if (lost) bar.querySelector("[data-again]").textContent = `${Math.max(1, Math.ceil((next - Date.now()) / 1000))} s`;
  const hint = document.getElementById("slow-mode");
  if (hint.hidden === slow) hint.hidden = !slow;
}

function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(`helpdesk:${name}`, { detail }));
}
