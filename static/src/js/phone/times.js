// Times as a phone writes them.

export const clock = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export function day(at) {
  const date = new Date(at);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 864e5);
  if (days < 2) return days ? "Yesterday" : "Today";
  return date.toLocaleDateString([], days < 7 ? { weekday: "long" } : { day: "numeric", month: "short" });
}
