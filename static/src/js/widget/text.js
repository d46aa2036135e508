// Words, dates and sizes in the visitor's language. The page brings the words of its language along; others are fetched.
const RIGHT_TO_LEFT = ["ar", "fa", "he", "ur"];
let locale = "en", words = {};

// The nearest of the languages there are: the same, then one with the same first part, then English.
export function nearest(wanted, there) {
  for (const name of wanted.filter(Boolean)) {
    const language = name.split("-")[0].toLowerCase();
    const found = there.find((have) => have.toLowerCase() === name.toLowerCase()) || there.find((have) => have.split("-")[0] === language);
    if (found) return found;
  }
  return "en";
}

export function use(name, sentences) {
  locale = name;
  words = sentences;
  document.documentElement.lang = locale;
  document.documentElement.dir = RIGHT_TO_LEFT.includes(locale.split("-")[0]) ? "rtl" : "ltr";
}

export const current = () => locale;

export const fill = (sentence, values = {}) => sentence.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

export const t = (key, values) => fill(words[key] ?? key, values);

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
