// Files on their way. One after the other: they stay in order, and share no bandwidth. Each is a message of its own.
import { t } from "./text.js";

export class Uploads {
  // send(form, progress, signal) carries one form; changed() redraws.
  constructor(send, about, changed) {
    Object.assign(this, { send, about, changed, list: [], queue: Promise.resolve() });
  }

  find(id) {
    return this.list.find((one) => one.client_id === id);
  }

  add(file) {
    const entry = { client_id: `${Date.now()}-${Math.random().toString(36).slice(2)}`, from: "me", at: new Date().toISOString(),
      state: "sending", controller: new AbortController(), file, files: [{ name: file.name, size: file.size }] };
    this.list.push(entry);
    this.changed();
    this.queue = this.queue.then(() => this.carry(entry));
  }

  retry(entry) {
    entry.controller = new AbortController();
    this.queue = this.queue.then(() => this.carry(entry));
  }

  cancel(id) {
    this.find(id)?.controller.abort();
  }

  // These came back from the helpdesk as part of the conversation.
  arrived(ids) {
    this.list = this.list.filter((one) => !ids.has(one.client_id));
  }

  async carry(entry) {
    Object.assign(entry, { progress: 0, state: "sending", error: "" });
    this.changed();
    try {
      const form = new FormData();
      for (const [name, value] of Object.entries({ client_id: entry.client_id, ...this.about() })) form.append(name, value);
      form.append("file", entry.file);
      await this.send(form, (share) => ((entry.progress = share), this.changed()), entry.controller.signal);
      entry.state = "sent";
    } catch (problem) {
      if (problem.name === "AbortError") this.list = this.list.filter((one) => one !== entry);
      Object.assign(entry, { state: "failed", error: problem.message || t("failed") });
    }
    delete entry.progress;
    this.changed();
  }
}
