// What is being written: kept on the server a second after the last key, and in this browser until the server has it.
// A reply and a note are two drafts. Another window of the same agent is noticed by the draft's version.

import { fragment } from "./http.js";
import { read, write } from "./store.js";

const PAUSE = 1000;
const empty = () => ({ text: "", version: 0, kept: [], actions: [] });

export class Drafts {
  constructor(form, signal, elsewhere) {
    Object.assign(this, { form, elsewhere, timers: {}, running: {} });
    const given = JSON.parse(form.dataset.drafts || "{}");
    this.of = Object.fromEntries(["reply", "note"].map((mode) => [mode, this.opened(mode, given[mode])]));
    const flush = () => { for (const mode of Object.keys(this.of)) this.flush(mode, true); };
    document.addEventListener("visibilitychange", () => document.hidden && flush(), { signal });
    window.addEventListener("pagehide", flush, { signal });
    window.addEventListener("online", flush, { signal });
    signal.addEventListener("abort", flush);
  }

  key(mode) { return `draft:${this.form.dataset.agent}:${this.form.dataset.ticket}:${mode}`; }

  // What this browser has and the server does not is newer, as long as nobody saved there meanwhile.
  opened(mode, theirs) {
    const mine = read(this.key(mode));
    const draft = { ...empty(), ...theirs };
    if (!mine || mine.text === undefined || mine.text === draft.text) return draft;
    if (mine.version === draft.version) {
      setTimeout(() => this.later(mode));
      return { ...draft, text: mine.text };
    }
    if (draft.version && mine.text.trim()) setTimeout(() => this.elsewhere(mode, { ...empty(), text: mine.text, version: draft.version }, "This browser has another text that was not saved."));
    else write(this.key(mode), null);
    return draft;
  }

  change(mode, values) {
    Object.assign(this.of[mode], values);
    write(this.key(mode), { text: this.of[mode].text, version: this.of[mode].version });
    this.later(mode);
  }

  later(mode) {
    clearTimeout(this.timers[mode]);
    this.timers[mode] = setTimeout(() => this.flush(mode), PAUSE);
  }

  async flush(mode, leaving = false) {
    if (!this.timers[mode]) return;
    clearTimeout(this.timers[mode]);
    if (this.running[mode] && !leaving) return this.later(mode);
    delete this.timers[mode];
    const draft = this.of[mode];
    const said = draft.text;
    const body = new FormData();
    body.set("mode", mode);
    body.set("text", said);
    body.set("seen", draft.version);
    if (mode === "reply") for (const name of ["route", "to", "cc", "bcc"]) if (this.form.elements[name]?.value) body.set(name, this.form.elements[name].value);
    for (const one of draft.kept) body.append("kept", one.word);
    body.set("actions", JSON.stringify(draft.actions.map((one) => one.action)));
    this.running[mode] = true;
    try {
      const { version } = JSON.parse(await fragment(`/tickets/${this.form.dataset.ticket}/drafts`, { body, background: true, keepalive: leaving }));
      draft.version = version;
      if (draft.text === said) write(this.key(mode), null);
      else write(this.key(mode), { text: draft.text, version });
    } catch (error) {
      if (error.status !== 409 || this.of[mode] !== draft) {
        if (!error.status) this.later(mode);
        return;
      }
      const { said: words, ...theirs } = JSON.parse(error.body);
      draft.version = theirs.version;
      if (theirs.version) this.elsewhere(mode, theirs, words);
    } finally {
      this.running[mode] = false;
    }
  }

  // It was sent: the server forgets it with the sending.
  sent(mode) {
    clearTimeout(this.timers[mode]);
    delete this.timers[mode];
    this.of[mode] = empty();
    write(this.key(mode), null);
  }
}
