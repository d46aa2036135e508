// The open line. It only says *that* something changed; the page then asks for it. Without it everything still works,
// a little later.
import { io } from "socket.io-client";

const ACK = 8000; // ms until a message is sent the other way

export class Live {
  constructor(inbox, tokenOf, on) {
    this.socket = io("/widget", {
      path: "/socket.io",
      auth: (give) => give({ inbox, token: tokenOf() }),
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      autoConnect: false,
      withCredentials: false,
      reconnectionDelayMax: 20000,
    });
    for (const [name, listener] of Object.entries(on)) this.socket.on(name, listener);
    // The server turned us away or closed the line (a token that is no longer good): try anew a little later.
    this.socket.on("disconnect", (reason) => reason === "io server disconnect" && setTimeout(() => tokenOf() && this.start(), 3000));
  }

  get on() {
    return this.socket.connected;
  }

  start() {
    if (!this.socket.active) this.socket.connect();
  }

  stop() {
    this.socket.disconnect();
  }

  restart() {
    this.stop();
    this.start();
  }

  ask(event, data) {
    return this.socket.timeout(ACK).emitWithAck(event, data);
  }

  tell(event, data) {
    if (this.on) this.socket.emit(event, data);
    return this.on;
  }
}
