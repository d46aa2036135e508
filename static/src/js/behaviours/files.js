// Files by button, paste and drop, all kept in the form's own file field. Too large ones are named before they are sent.

export function files(form, signal) {
  const field = form.querySelector('input[type="file"]');
  const box = form.querySelector(".box");
  const chosen = form.querySelector("[data-chosen]");
  const on = (target, name, act) => target.addEventListener(name, act, { signal });
  let kept = [];

  function set(list) {
    kept = list;
    const carrier = new DataTransfer();
    for (const file of list) carrier.items.add(file);
    field.files = carrier.files;
    show();
  }

  function show() {
    const limit = Number(form.elements.route?.selectedOptions?.[0]?.dataset.files ?? 0);
    const reply = form.elements.mode.value === "reply";
    chosen.hidden = !kept.length;
    chosen.replaceChildren(...kept.map((file, index) => {
      const item = document.createElement("li");
      const problem = reply && (limit < 0 ? "this channel takes no files" : limit && file.size > limit ? `at most ${Math.floor(limit / 1e6)} MB here` : "");
      item.className = problem ? "file bad" : "file";
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "link";
      remove.textContent = "✕";
      remove.setAttribute("aria-label", `Remove ${file.name}`);
      remove.addEventListener("click", () => set(kept.filter((_, other) => other !== index)));
      item.append(`${file.name} (${Math.max(1, Math.round(file.size / 1000))} kB)${problem ? `: ${problem}` : ""} `, remove);
      return item;
    }));
  }

  const add = (list) => list.length && set([...kept, ...list]);
  on(field, "change", () => (field.files.length ? set([...kept.filter((one) => ![...field.files].includes(one)), ...field.files]) : set([])));
  on(form, "change", (event) => event.target !== field && show());
  on(form, "paste", (event) => add([...(event.clipboardData?.files ?? [])]));
  on(box, "dragover", (event) => { event.preventDefault(); box.classList.add("dropping"); });
  on(box, "dragleave", () => box.classList.remove("dropping"));
  on(box, "drop", (event) => {
    event.preventDefault();
    box.classList.remove("dropping");
    add([...event.dataTransfer.files]);
  });
}
