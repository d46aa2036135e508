// Words, dates and sizes in the visitor's language.
import ar from "./locales/ar.json" with { type: "json" };
import en from "./locales/en.json" with { type: "json" };
import es from "./locales/es.json" with { type: "json" };
import hi from "./locales/hi.json" with { type: "json" };
import id from "./locales/id.json" with { type: "json" };
import pt from "./locales/pt-BR.json" with { type: "json" };

const LOCALES = { en, id, es, "pt-BR": pt, hi, ar };
const RIGHT_TO_LEFT = ["ar", "fa", "he", "ur"];
let locale = "en", words = en;

// The nearest language we have: the same, then one with the same first part, then English.
export function nearest(wanted) {
  for (const name of wanted.filter(Boolean)) {
    const language = name.split("-")[0].toLowerCase();
    const found = Object.keys(LOCALES).find((have) => have.toLowerCase() === name.toLowerCase())
      || Object.keys(LOCALES).find((have) => have.split("-")[0] === language);
    if (found) return found;
  }
  return "en";
}

export function use(wanted) {
  locale = nearest(wanted);
  words = LOCALES[locale];
  document.documentElement.lang = locale;
  document.documentElement.dir = RIGHT_TO_LEFT.includes(locale.split("-")[0]) ? "rtl" : "ltr";
  return locale;
}

export const current = () => locale;

export function t(key, values = {}) {
  return (words[key] ?? en[key] ?? key).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

export const time = (at) => new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" }).format(at);

export function day(at, now = new Date()) {
  const midnight = (when) => new Date(when.getFullYear(), when.getMonth(), when.getDate());
  const days = Math.round((midnight(now) - midnight(at)) / 86400000);
  if (days === 0) return t("today");
  if (days === 1) return t("yesterday");
  return new Intl.DateTimeFormat(locale, { weekday: "short", day: "numeric", month: "short" }).format(at);
}

export const opening = (at) =>
  new Intl.DateTimeFormat(locale, { weekday: "long", hour: "numeric", minute: "2-digit" }).format(at);

export function size(bytes) {
  const [value, unit] = bytes < 1e6 ? [Math.max(1, Math.round(bytes / 1e3)), "kilobyte"] : [bytes / 1e6, "megabyte"];
  return new Intl.NumberFormat(locale, { style: "unit", unit, maximumFractionDigits: 1 }).format(value);
}
