// On the body of every page: opens the socket and the presence.

import { startPresence } from "../lib/presence.js";
import { retry, startSocket } from "../lib/socket.js";

export function live(body, signal) {
  startSocket();
  startPresence();
  body.addEventListener("click", (event) => event.target.closest("[data-reconnect]") && retry(), { signal });
}
