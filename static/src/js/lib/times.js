// Times in words, the same as the server's filters.

const UNITS = [["m", 60, 3600], ["h", 3600, 86400], ["d", 86400, 604800]];

export function ago(date, now = Date.now()) {
  const seconds = (now - date) / 1000;
  if (seconds < 60) return "now";
  for (const [unit, size, limit] of UNITS) if (seconds < limit) return `${Math.floor(seconds / size)}${unit}`;
  return null;
}

export function duration(seconds) {
  const parts = [];
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["m", 60]]) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count) parts.push(`${count} ${unit}`);
    if (parts.length === 2) break;
  }
  return parts.join(" ") || `${Math.floor(seconds)} s`;
}

export function keepCurrent() {
  setInterval(() => {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const text = ago(Date.parse(time.dateTime));
      if (text && time.textContent !== text) time.textContent = text;
    }
  }, 30000);
}
