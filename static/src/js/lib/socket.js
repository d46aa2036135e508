// The one socket. It only says that something changed; what changed is fetched. Without it the page polls.

import { io } from "socket.io-client";

const CALM = 30000; // catch up although nothing was heard
const SLOW = 5000; // the same while the socket is down
let socket = null;
let watching = null;
let reachable = true;

export function startSocket() {
  socket = io("/agent", { reconnectionDelayMax: 8000 });
  socket.on("connect", () => {
    if (watching) socket.emit("watch", { ticket: watching });
    tell("connected");
    catchUp();
  });
  socket.on("disconnect", () => setTimeout(() => socket.connected || catchUp(), 300));
  socket.on("connect_error", catchUp);
  for (const name of ["ticket", "delivery", "presence", "who", "alert"]) socket.on(name, (data) => tell(name === "ticket" ? "changed" : name, data));
  document.addEventListener("helpdesk:reachable", ({ detail }) => {
    reachable = detail.reachable;
    showState();
  });
  document.addEventListener("visibilitychange", () => document.hidden || catchUp());
  window.addEventListener("online", retry);
  const tick = () => {
    if (!document.hidden) tell("catch-up");
    showState();
    setTimeout(tick, socket.connected ? CALM : SLOW);
  };
  setTimeout(tick, CALM);
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
  if (bar) bar.hidden = socket.connected || reachable;
}

function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(`helpdesk:${name}`, { detail }));
}
