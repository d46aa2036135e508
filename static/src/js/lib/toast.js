// A short word at the foot of the page; errors stay until they are dismissed.

export function toast(text, tone = "", link = null) {
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
  box.append(words);
  if (link) {
    const go = document.createElement("a");
    go.href = link.href;
    go.textContent = link.label;
    box.append(go);
  }
  box.append(close);
  document.getElementById("toasts").append(box);
}

export function announce(text) {
  const region = document.getElementById("announcements");
  if (region) region.textContent = text;
}
