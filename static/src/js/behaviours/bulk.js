// Choosing rows of the list: by box, by x, a range with Shift, or all of the view, loaded or not. What is chosen outlives
// rows that are drawn anew; the bar with the verbs is fetched with the first choice.

import htmx from "htmx.org";
import { fragment } from "../lib/http.js";
import { soon } from "../lib/soon.js";
import { announce, toast } from "../lib/toast.js";
import { tn } from "../lib/words.js";

export function bulk(list, signal) {
  const inbox = list.closest(".inbox"), pane = list.closest(".list-pane");
  if (!inbox) return;
  const { view, query } = inbox.dataset;
  const chosen = new Set();
  let all = false, last = null, asked = null;
  const boxes = () => [...list.querySelectorAll(".pick input")];
  const bar = () => pane.querySelector("#bulk-bar");
  const params = () => {
    const given = new URLSearchParams(query);
    if (given.has("tag")) given.set("tag_filter", given.get("tag")), given.delete("tag");
    given.set("view", view);
    return given;
  };

  async function show() {
    for (const box of boxes()) {
      const on = all || chosen.has(box.value);
      if (box.checked !== on) box.checked = on;
      box.closest(".ticket-row").classList.toggle("chosen", on);
    }
    const some = all || chosen.size > 0;
    list.classList.toggle("choosing", some);
    if (!some) { bar()?.remove(); return; }
    if (!bar()) {
      asked ??= fragment(`/bulk/bar?${params()}`, { signal }).finally(() => { asked = null; });
      const html = await asked.catch((error) => { if (error.name !== "AbortError") toast(error.message, "bad"); });
      if (!html || signal.aborted || !(all || chosen.size)) return;
      if (!bar()) { pane.insertAdjacentHTML("beforeend", html); htmx.process(bar()); connect(bar()); }
    }
    const whole = Number(bar().dataset.whole), count = all ? whole : chosen.size;
    const words = tn("{n} ticket chosen", "{n} tickets chosen", count);
    bar().querySelector("[data-count]").textContent = words;
    bar().querySelector("[data-whole-view]").hidden = all || whole <= chosen.size;
    announce(words);
  }

  function none() {
    chosen.clear();
    all = false;
    show();
  }

  function connect(form) {
    form.querySelector("[data-whole-view]").addEventListener("click", () => { all = true; show(); });
    form.querySelector("[data-none]").addEventListener("click", none);
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("input[name]")) event.preventDefault(), event.target.closest(".items").querySelector("[name=act]:last-of-type, [name=act]").click();
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const body = new URLSearchParams(new FormData(form, event.submitter));
      if (all) for (const [key, value] of [...params(), ["all", "1"]]) body.set(key, value);
      else for (const one of chosen) body.append("ticket", one);
      try {
        const line = await fragment("/bulk", { body });
        const toasts = document.getElementById("toasts");
        toasts.insertAdjacentHTML("beforeend", line);
        htmx.process(toasts.lastElementChild);
        none();
      } catch (error) {
        toast(error.message, "bad");
      }
    });
  }

  list.addEventListener("click", (event) => {
    const box = event.target.closest(".pick input");
    if (!box) return;
    if (all) { all = false; for (const one of boxes()) chosen.add(one.value); }
    const row = boxes(), here = row.indexOf(box), from = event.shiftKey && last ? row.findIndex((one) => one.value === last) : here;
    for (const one of row.slice(Math.min(from < 0 ? here : from, here), Math.max(from, here) + 1)) box.checked ? chosen.add(one.value) : chosen.delete(one.value);
    last = box.value;
    show();
  }, { signal });
  const again = soon(show, signal);
  const watcher = new MutationObserver(() => (all || chosen.size) && again());
  watcher.observe(list, { childList: true });
  signal.addEventListener("abort", () => watcher.disconnect());
  document.addEventListener("htmx:after:swap", ({ detail }) => (all || chosen.size) && list.contains(detail.ctx.target) && again(), { signal });
}
