// What depends on the reader's browser: the customer's local time and the name of their language.

export function localTime(element, signal) {
  const long = "short" in element.dataset ? {} : { weekday: "short", timeZoneName: "short" };
  const show = () => {
    try {
      element.textContent = new Intl.DateTimeFormat(undefined, { timeZone: element.dataset.zone, hour: "2-digit", minute: "2-digit", ...long }).format();
    } catch { /* an unknown zone stays as its name */ }
  };
  const timer = setInterval(show, 30000);
  signal.addEventListener("abort", () => clearInterval(timer));
  show();
}

export function language(element) {
  try {
    element.textContent = new Intl.DisplayNames(undefined, { type: "language" }).of(element.dataset.locale.replace("_", "-"));
  } catch { /* stays as its code */ }
}
