// A ticket that was merged, or taken apart, while somebody looks at it: the whole pane is fetched anew.

import htmx from "htmx.org";

// fresh: what the server answered; parts: the numbers of what the page shows. Returns whether the pane is being replaced.
export function becameAnother(fresh, id, parts) {
  const moved = fresh.getElementById("moved");
  if (!moved && fresh.getElementById("timeline").dataset.parts === parts) return false;
  const path = moved ? `/inbox/all/${moved.dataset.ticket}` : location.pathname;
  htmx.ajax("GET", path, { target: "#ticket-pane", swap: "innerHTML show:none" });
  if (moved) {
    history.replaceState(history.state, "", path);
    document.getElementById(`row-${id}`)?.remove();
  }
  return true;
}
