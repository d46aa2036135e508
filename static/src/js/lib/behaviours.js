// Connects elements that carry data-behaviour="name name" to their module, now and whenever they enter the page.
// connect(element, signal): the signal is aborted when the element leaves, so listeners need no cleaning up.

const modules = new Map();
const connected = new Map();

export function start(behaviours) {
  for (const [name, connect] of Object.entries(behaviours)) modules.set(name, connect);
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
    try {
      modules.get(name)?.(element, controller.signal);
    } catch (error) {
      console.error(`behaviour ${name}`, error); // one that fails must not stop the others
    }
  }
}
