// Requests for parts of pages. Resolves to text; rejects with a sentence for people in `message`.

export class Refused extends Error {
  constructor(message, status, body = "") {
    super(message);
    this.status = status;
    this.body = body;
  }
}

// background: the agent did nothing, so the session must not be kept alive by it.
export async function fragment(url, { body, background = false, keepalive = false, signal } = {}) {
  const headers = { "X-Fragment": "1" };
  if (background) headers["X-Background"] = "1";
  if (body) headers["X-CSRF-Token"] = csrf();
  let response;
  try {
    response = await fetch(url, { method: body ? "POST" : "GET", body, headers, signal, keepalive, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    tell(false);
    throw new Refused("No connection. Nothing is lost; try again in a moment.", 0);
  }
  tell(true);
  const text = await response.text();
  if (response.ok) return text;
  if (response.status === 401 && !body) location.reload();
  throw new Refused(text.length < 400 && !text.startsWith("<") ? text : "That did not work. Try again.", response.status, text);
}

export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

export const csrf = () => document.querySelector('meta[name="csrf-token"]').content;

function tell(reachable) {
  document.dispatchEvent(new CustomEvent("helpdesk:reachable", { detail: { reachable } }));
}
