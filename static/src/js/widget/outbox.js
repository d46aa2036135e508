// What the visitor wrote and the helpdesk has not shown back yet. Each message has an id of ours under which it may be
// sent as often as it takes: it is kept once. It outlives a reload of the page.
import { Refused } from "./api.js";

const PAUSES = [2, 5, 10, 20, 30]; // seconds between tries

export class Outbox {
  constructor(store, key, send, changed) {
    Object.assign(this, { store, key, send, changed, busy: false, timer: 0, tries: 0 });
    try {
      this.list = JSON.parse(store.get(key)) || [];
    } catch {
      this.list = [];
    }
  }

  add(entry) {
    const id = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random().toString(36).slice(2)}`;
    this.list.push({ client_id: id, at: new Date().toISOString(), state: "sending", ...entry });
    this.save();
    return this.flush();
  }

  retry(id) {
    const entry = this.list.find((one) => one.client_id === id);
    if (entry) Object.assign(entry, { state: "sending", error: "" });
    this.save();
    return this.flush();
  }

  drop(id) {
    this.list = this.list.filter((one) => one.client_id !== id);
    this.save();
  }

  // These came back from the helpdesk as part of the conversation.
  arrived(ids) {
    const rest = this.list.filter((one) => !ids.has(one.client_id));
    if (rest.length === this.list.length) return;
    this.list = rest;
    this.save();
  }

  clear() {
    this.list = [];
    this.save();
  }

  save() {
    this.store.set(this.key, this.list.length ? JSON.stringify(this.list) : null);
    this.changed();
  }

  // In the order they were written, one at a time.
  async flush() {
    if (this.busy) return;
    this.busy = true;
    clearTimeout(this.timer);
    try {
      for (let entry; (entry = this.list.find((one) => one.state === "sending" || one.state === "waiting"));) {
        await this.send(entry);
        entry.state = "sent";
        this.tries = 0;
        this.save();
      }
    } catch (problem) {
      this.stopped(problem);
    } finally {
      this.busy = false;
    }
  }

  stopped(problem) {
    const entry = this.list.find((one) => one.state === "sending" || one.state === "waiting");
    if (!entry) return;
    if (problem instanceof Refused && problem.final) {
      Object.assign(entry, { state: "failed", error: problem.message });
      this.save();
      this.timer = setTimeout(() => this.flush(), 0);
      return;
    }
    const wait = problem.wait || PAUSES[Math.min(this.tries++, PAUSES.length - 1)];
    entry.state = this.tries > 1 ? "failed" : "waiting";
    this.save();
    this.timer = setTimeout(() => this.again(), wait * 1000);
  }

  // The line is back, or a pause is over: what failed for want of a line is tried again by itself.
  again() {
    for (const entry of this.list) if (entry.state === "failed" && !entry.error) entry.state = "sending";
    return this.flush();
  }
}
