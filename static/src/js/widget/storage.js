// What the browser remembers for us. Where storage is switched off, memory has to do.

function wrap(area) {
  const memory = new Map();
  let store = null;
  try {
    store = globalThis[area];
    store.setItem("hd:test", "1");
    store.removeItem("hd:test");
  } catch {
    store = null;
  }
  return {
    get: (key) => (store ? store.getItem(key) : memory.get(key)) ?? null,
    set(key, value) {
      if (value === null) return store ? store.removeItem(key) : void memory.delete(key);
      try {
        store ? store.setItem(key, value) : memory.set(key, value);
      } catch {
        memory.set(key, value); // full: this page still works
      }
    },
  };
}

export const local = wrap("localStorage");
export const session = wrap("sessionStorage");
