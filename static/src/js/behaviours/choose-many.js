// Several rows of a table at once: one box for all of them, and how many are chosen.

export function chooseMany(form, signal) {
  const all = form.querySelector("[data-all]");
  if (!all) return;
  const box = all.querySelector("input"), rows = () => [...form.querySelectorAll('tbody input[type="checkbox"]')];
  const show = () => {
    const chosen = rows().filter((one) => one.checked).length;
    box.checked = chosen > 0 && chosen === rows().length;
    box.indeterminate = chosen > 0 && !box.checked;
    form.querySelector("[data-count]").textContent = chosen ? `${chosen} chosen` : "";
  };
  all.hidden = false;
  form.addEventListener("change", (event) => {
    if (event.target === box) for (const one of rows()) one.checked = box.checked;
    show();
  }, { signal });
  show();
}
