// Asks once before something that cannot be undone.

export function confirm(form, signal) {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.confirm)) event.preventDefault();
  }, { signal });
}
