// Talking with the page that embeds us: a small set of messages, to and from exactly one origin.

export class Host {
  constructor(origin, allowed, on) {
    this.framed = parent !== self;
    this.origin = this.framed && valid(origin) && (!allowed.length || allowed.includes(origin)) ? origin : null;
    if (this.origin) addEventListener("message", (event) => this.hear(event, on));
  }

  hear({ source, origin, data }, on) {
    if (source !== parent || origin !== this.origin || !data || data.hd !== 1) return;
    if (Object.hasOwn(on, data.type)) on[data.type](data.value);
  }

  tell(type, value) {
    if (this.origin) parent.postMessage({ hd: 1, type, value }, this.origin);
  }
}

function valid(origin) {
  try {
    return new URL(origin).origin === origin;
  } catch {
    return false;
  }
}
