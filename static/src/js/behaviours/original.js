// A message as it was sent, in a frame without scripts: as high as what it shows, no wider than its place, and with its
// remote pictures only when somebody asks for them.

import { fragment } from "../lib/http.js";
import { atEnd, toEnd } from "../lib/timeline.js";
import { toast } from "../lib/toast.js";

const HIGHEST = 20_000;
const NARROWEST = 0.4;
const HELD = '.designed[data-held]:not([data-held="0"])';

export function original(box, signal) {
  const frame = box.querySelector("iframe");
  const sizes = new ResizeObserver(() => fit(frame));
  signal.addEventListener("abort", () => sizes.disconnect());

  const shown = () => {
    const page = frame.contentDocument;
    if (!page?.getElementById("mail")) return; // an error page, or nothing yet
    box.dataset.held = page.documentElement.dataset.held;
    sizes.disconnect();
    sizes.observe(page.getElementById("mail"));
    sizes.observe(frame);
    page.addEventListener("keydown", (event) => { // the shortcuts work while one reads, too
      if (!event.target.closest?.("summary, a")) frame.dispatchEvent(new KeyboardEvent("keydown", event));
    }, { signal });
  };
  frame.addEventListener("load", shown, { signal });
  shown();

  box.addEventListener("submit", async (event) => {
    event.preventDefault();
    const always = event.submitter?.name === "always";
    try {
      const body = new FormData(event.target, event.submitter);
      await fragment(event.target.action, { body });
      for (const one of always ? document.querySelectorAll(HELD) : [box]) one.querySelector("iframe").contentWindow.location.reload();
    } catch (error) {
      toast(error.message, "bad");
    }
  }, { signal });
}

function fit(frame) {
  const { body, documentElement: root } = frame.contentDocument ?? {};
  if (!body || !frame.clientWidth) return;
  const follow = atEnd();
  body.style.zoom = "";
  const wide = root.scrollWidth / frame.clientWidth;
  if (wide > 1.01) body.style.zoom = Math.max(NARROWEST, 1 / wide);
  const high = Math.max(body.getBoundingClientRect().height, body.scrollHeight * (Number(body.style.zoom) || 1));
  const size = `${Math.min(HIGHEST, Math.ceil(high) + (root.scrollWidth > frame.clientWidth ? 16 : 0))}px`;
  if (frame.style.blockSize === size) return;
  frame.style.blockSize = size;
  if (follow) toEnd();
}
