// Connects elements that carry data-behaviour="name name" to their module, now and whenever they enter the page.
// connect(element, signal): the signal is aborted when the element leaves, so listeners need no cleaning up. Those that
// few pages or moments need are given as functions that fetch them.

const modules = new Map();
const fetched = new Map();
const connected = new Map();

export function start(behaviours, later) {
  for (const [name, connect] of Object.entries(behaviours)) modules.set(name, connect);
  for (const [name, load] of Object.entries(later)) fetched.set(name, load);
  scan(document.documentElement);
  new MutationObserver((records) => {
    for (const record of records) for (const node of record.addedNodes) if (node.nodeType === 1) scan(node);
    for (const [element, controller] of connected) {
      if (element.isConnected) continue;
      connected.delete(element);
      controller.abort();
    }
  }).observe(document.documentElement, { childList: true, subtree: true });
}

function scan(root) {
  if (root.dataset?.behaviour) connectOne(root);
  for (const element of root.querySelectorAll("[data-behaviour]")) connectOne(element);
}

function connectOne(element) {
  if (connected.has(element)) return;
  const controller = new AbortController();
  connected.set(element, controller);
  for (const name of element.dataset.behaviour.split(/\s+/)) {
    if (fetched.has(name)) fetched.get(name)().then((connect) => run(name, connect, element, controller.signal), (error) => console.error(name, error));
    else run(name, modules.get(name), element, controller.signal);
  }
}

function run(name, connect, element, signal) {
  try {
    if (!signal.aborted) connect?.(element, signal);
  } catch (error) {
    console.error(`behaviour ${name}`, error); // one that fails must not stop the others
  }
}
