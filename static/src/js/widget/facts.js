// What the page tells of its visitor. It waits here until the helpdesk knows this browser: who does not chat leaves no
// trace. A Map, because a page may name a fact anything.
const MOST_PAGES = 50;

export class Facts {
  // words: of a page's query besides the campaign's; null where no pages are wanted.
  constructor(words) {
    const untracked = navigator.globalPrivacyControl || navigator.doNotTrack === "1";
    Object.assign(this, { words: untracked ? null : words, facts: new Map(), pages: [] });
  }

  get waiting() {
    return this.facts.size > 0 || this.pages.length > 0;
  }

  told(given) {
    if (given && typeof given === "object") for (const [name, value] of Object.entries(given)) this.facts.set(name, value);
  }

  visited(pages) {
    if (!this.words || !Array.isArray(pages)) return;
    const clean = pages.map((page) => ({ ...page, url: bare(page.url, this.words) })).filter((page) => page.url);
    this.pages = [...this.pages, ...clean].slice(-MOST_PAGES);
  }

  knows(name) {
    return Boolean(this.facts.get(name));
  }

  take() {
    const body = { attributes: Object.fromEntries(this.facts), pages: this.pages };
    this.clear();
    return body;
  }

  // It could not be sent: what was told since then counts.
  back({ attributes, pages }) {
    this.facts = new Map([...Object.entries(attributes), ...this.facts]);
    this.pages = [...pages, ...this.pages].slice(-MOST_PAGES);
  }

  clear() {
    this.facts = new Map();
    this.pages = [];
  }
}

// A query may hold a session, a token or a mail address: it never leaves the browser.
export function bare(url, words) {
  try {
    const { origin, pathname, searchParams } = new URL(url);
    const kept = new URLSearchParams([...searchParams].filter(([name]) => name.startsWith("utm_") || words.includes(name)));
    return origin + pathname + (kept.size ? `?${kept}` : "");
  } catch {
    return "";
  }
}
