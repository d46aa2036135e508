// What the person has seen, kept in this browser; the platforms are told by /read.

const PREFIX = "kopi-phone:";

export function store(key, value) {
  try {
    if (value === undefined) return localStorage.getItem(PREFIX + key) ?? "";
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // a browser that keeps nothing shows every message as new
  }
  return value ?? "";
}

const last = (entries) => entries.filter((one) => !one.mine).at(-1)?.id ?? "";
const key = (here, app) => `seen:${here.person.id}:${app}`;

export const seen = {
  // What lay on the phone when it was first looked at is not new.
  begin(here) {
    if (store(`known:${here.person.id}`)) return;
    for (const [app, entries] of Object.entries(here.apps)) store(key(here, app), last(entries));
    store(`known:${here.person.id}`, "1");
  },
  count(here, app) {
    const theirs = (here.apps[app] ?? []).filter((one) => !one.mine);
    return theirs.length - 1 - theirs.findIndex((one) => one.id === store(key(here, app)));
  },
  // True when something was new.
  mark(here, entries) {
    const newest = last(entries);
    const news = newest && newest !== store(key(here, here.app));
    if (news) store(key(here, here.app), newest);
    return Boolean(news) || entries.some((one) => !one.mine && ["sent", "delivered"].includes(one.status));
  },
};
