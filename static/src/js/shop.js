// The demo's shop: a ready question is written into the chat, which opens; its customer only has to send it.

window.hd = window.hd || function (...call) { (window.hd.q = window.hd.q || []).push(call); };
for (const one of document.querySelectorAll("[data-ask]")) {
  one.addEventListener("click", () => window.hd("prefill", one.dataset.ask));
}
