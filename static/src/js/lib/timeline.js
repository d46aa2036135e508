// Puts messages and events where they belong: known ones are replaced, new ones go in by their number.

const list = () => document.getElementById("timeline");
const scroller = () => document.getElementById("timeline-scroll");

export function atEnd() {
  const box = scroller();
  return !box || box.scrollHeight - box.scrollTop - box.clientHeight < 120;
}

export function toEnd() {
  const box = scroller();
  if (box) box.scrollTop = box.scrollHeight;
}

// Returns whether the item was new.
export function put(item, follow = atEnd()) {
  const known = document.getElementById(item.id || "-")
    ?? (item.dataset.client && list()?.querySelector(`[data-client="${CSS.escape(item.dataset.client)}"]`));
  if (known) {
    if (bare(known) !== item.outerHTML && !known.querySelector("details[open]")) known.replaceWith(item);
  } else if (item.dataset.seq) {
    const seq = Number(item.dataset.seq);
    const next = [...list().children].find((one) => !one.dataset.seq || Number(one.dataset.seq) > seq);
    list().insertBefore(item, next ?? null);
  } else {
    list()?.append(item);
  }
  if (follow) toEnd();
  return !known;
}

// As it came from the server: a frame's size and what it told are ours.
function bare(item) {
  if (!item.querySelector(".designed")) return item.outerHTML;
  const copy = item.cloneNode(true);
  for (const box of copy.querySelectorAll(".designed")) box.removeAttribute("data-held");
  for (const frame of copy.querySelectorAll("iframe")) frame.removeAttribute("style");
  return copy.outerHTML;
}
