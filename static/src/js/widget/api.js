// Calls to the helpdesk. The visitor's token is a header, never part of an address; it lives in this frame's own storage.
import { local } from "./storage.js";

export class Refused extends Error {
  constructor(status, sentence, wait = 0) {
    super(sentence);
    this.status = status; // 0: the network did not carry it
    this.wait = wait; // seconds
  }
  get final() {
    return this.status >= 400 && this.status < 500 && ![401, 408, 429].includes(this.status);
  }
}

export class Api {
  constructor(key) {
    this.key = `hd:${key}:token`;
    this.starting = null;
    this.renewed = () => {};
  }

  get token() {
    return local.get(this.key);
  }

  keep(token) {
    if (token === undefined || token === this.token) return;
    local.set(this.key, token);
    this.renewed();
  }

  // Makes this browser known. Many may ask at once; it happens once.
  async start(about) {
    if (this.token) return;
    this.starting = this.starting || this.call("POST", "session", about()).finally(() => (this.starting = null));
    return this.starting;
  }

  async call(method, path, body, used = this.token) {
    const headers = { Accept: "application/json" };
    if (used) headers.Authorization = `Bearer ${used}`;
    if (body) headers["Content-Type"] = "application/json";
    let answer;
    try {
      answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), credentials: "omit", cache: "no-store" });
    } catch {
      throw new Refused(0, "");
    }
    // Another tab may have been given a new token meanwhile.
    if (answer.status === 401 && this.token && this.token !== used) return this.call(method, path, body);
    return this.read(answer.status, await answer.text(), answer.headers.get("Retry-After"), used);
  }

  read(status, text, wait, used) {
    let data = {};
    try {
      data = JSON.parse(text);
    } catch {
      // an error page of a proxy: the status says enough
    }
    if (status === 401 && used === this.token) this.keep(null);
    if (status < 200 || status > 299) throw new Refused(status, data.error || "", Number(wait) || 0);
    this.keep(data.token);
    return data;
  }

  // fetch() tells no progress of an upload, so this is the one place for XMLHttpRequest.
  upload(path, form, progress, signal) {
    const used = this.token;
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", path);
      request.setRequestHeader("Authorization", `Bearer ${used}`);
      request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
      request.onerror = request.ontimeout = () => reject(new Refused(0, ""));
      request.onabort = () => reject(new DOMException("", "AbortError"));
      request.onload = () => {
        try {
          resolve(this.read(request.status, request.responseText, request.getResponseHeader("Retry-After"), used));
        } catch (refused) {
          reject(refused);
        }
      };
      signal.addEventListener("abort", () => request.abort());
      request.send(form);
    });
  }

  async blob(path) {
    const answer = await fetch(path, { headers: { Authorization: `Bearer ${this.token}` }, credentials: "omit" });
    if (!answer.ok) throw new Refused(answer.status, "");
    return answer.blob();
  }
}
