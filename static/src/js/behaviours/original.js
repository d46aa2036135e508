// A mail as it was written, in a frame without any rights, loaded only when somebody asks.

export function original(details, signal) {
  details.addEventListener("toggle", () => {
    if (!details.open || details.querySelector("iframe")) return;
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox");
    frame.title = details.dataset.title;
    frame.src = details.dataset.src;
    details.append(frame);
  }, { signal });
}
