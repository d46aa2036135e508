// A short word at the foot of the page; errors stay until they are dismissed.

export function toast(text, tone = "") {
  const box = document.createElement("div");
  box.className = `toast ${tone}`;
  box.dataset.behaviour = "toast";
  if (tone === "bad") box.setAttribute("role", "alert");
  const words = document.createElement("span");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.dataset.close = "";
  close.setAttribute("aria-label", "Dismiss");
  close.textContent = "✕";
  box.append(words, close);
  document.getElementById("toasts").append(box);
}

export function announce(text) {
  const region = document.getElementById("announcements");
  if (region) region.textContent = text;
}
