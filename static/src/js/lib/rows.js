// Brings the rows of a list in line with fresh ones, without touching what stays the same.

import htmx from "htmx.org";

const when = (row) => row.querySelector("time.when").dateTime;
const here = (row) => document.getElementById(row.id);

export const rowsOf = (list) => [...list.querySelectorAll(".ticket-row")];

export function renew(fresh) {
  for (const row of fresh) {
    const old = here(row);
    if (!old) continue;
    if (old.querySelector("a").hasAttribute("aria-current")) row.querySelector("a").setAttribute("aria-current", "true");
    old.classList.remove("leaving", "seen");
    if (row.outerHTML !== old.outerHTML) htmx.swap({ text: row.outerHTML, target: old, swap: "outerMorph" });
  }
}

// Puts the fresh rows first and in order. Rows that should be among them and are not have left the view; the one that
// is open stays, faded, so that it does not vanish under whoever works on it. Older rows, loaded later, stay.
export function arrange(list, fresh) {
  const oldest = fresh.length ? when(fresh.at(-1)) : "";
  const known = new Set(fresh.map((row) => row.id));
  for (const row of rowsOf(list)) {
    if (known.has(row.id) || when(row) < oldest) continue;
    if (row.querySelector("[aria-current]")) row.classList.add("leaving");
    else row.remove();
  }
  fresh.forEach((row, index) => {
    const item = here(row) ?? row;
    const place = rowsOf(list)[index];
    if (place !== item) list.insertBefore(item, place ?? list.querySelector(".more"));
  });
  htmx.process(list);
}
