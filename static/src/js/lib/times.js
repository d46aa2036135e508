// Times in words, the same as the server's filters.

import { t } from "./words.js";

const numbers = new Intl.NumberFormat(document.documentElement?.lang || "en");
const AGO = [[t("{n}m"), 60, 3600], [t("{n}h"), 3600, 86400], [t("{n}d"), 86400, 604800]];
const UNITS = [[t("{n} d"), 86400], [t("{n} h"), 3600], [t("{n} m"), 60]];
const counted = (words, n) => words.replace("{n}", numbers.format(n));

export function ago(date, now = Date.now()) {
  const seconds = (now - date) / 1000;
  if (seconds < 60) return t("now");
  for (const [unit, size, limit] of AGO) if (seconds < limit) return counted(unit, Math.floor(seconds / size));
  return null;
}

export function duration(seconds) {
  const parts = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count) parts.push(counted(unit, count));
    if (parts.length === 2) break;
  }
  return parts.join(" ") || counted(t("{n} s"), Math.floor(seconds));
}

export function keepCurrent() {
  setInterval(() => {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const text = ago(Date.parse(time.dateTime));
      if (text && time.textContent !== text) time.textContent = text;
    }
  }, 30000);
}
