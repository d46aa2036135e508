// Asking the phone's own addresses. Rejects with a sentence for people.

const base = document.querySelector("[data-phone]").dataset.phone;

async function call(path, options = {}) {
  let answer;
  try {
    answer = await fetch(`${base}/${path}`, { cache: "no-store", ...options, headers: { Accept: "application/json", ...options.headers } });
  } catch {
    throw new Error("The demo does not answer. Is it still running?");
  }
  if (answer.status === 204) return null;
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(found.error || `The demo answers ${answer.status}.`);
  return found;
}

export const ask = (path) => call(path);

export function post(path, body) {
  const headers = { "X-Phone": "1" };
  if (typeof body === "string") headers["Content-Type"] = "application/json";
  return call(path, { method: "POST", body, headers });
}
