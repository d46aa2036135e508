// Further readers of a mail. Only for mail; what is offered goes with a click into the field that was last used.

const SHOWN = 3;

export function readers(root, signal) {
  const form = root.closest("form");
  const details = root.querySelector("details");
  const fields = [...details.querySelectorAll("input")];
  const summary = details.querySelector("[data-summary]");
  const addresses = (field) => field.value.split(/[,;\n]/).map((one) => one.trim()).filter(Boolean);
  let last = fields.find((field) => field.name === "cc");

  function tell() {
    const words = fields.flatMap((field) => {
      const named = addresses(field);
      if (!named.length) return [];
      const label = { to: "Also to", cc: "Copy to", bcc: "Hidden copy to" }[field.name];
      return `${label} ${named.slice(0, SHOWN).join(", ")}${named.length > SHOWN ? ` and ${named.length - SHOWN} more` : ""}`;
    });
    summary.textContent = words.join(" · ") || "Further readers";
    const used = new Set(fields.flatMap(addresses).map((one) => one.toLowerCase()));
    for (const button of root.querySelectorAll("[data-add]")) {
      const all = button.dataset.add.split(", ").every((one) => used.has(one));
      (button.closest("li") ?? button).hidden = all;
    }
  }

  function show() {
    const option = form.elements.route?.selectedOptions[0];
    root.hidden = !option || !("mail" in option.dataset);
    for (const field of fields) field.disabled = root.hidden;
  }

  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add]");
    if (!button) return;
    const target = "all" in button.dataset ? fields.find((field) => field.name === "cc") : last;
    const there = addresses(target);
    const known = new Set(fields.flatMap(addresses).map((one) => one.toLowerCase()));
    target.value = [...there, ...button.dataset.add.split(", ").filter((one) => !known.has(one))].join(", ");
    details.open = true;
    tell();
  }, { signal });
  for (const field of fields) field.addEventListener("focus", () => { last = field; }, { signal });
  details.addEventListener("input", tell, { signal });
  form.addEventListener("change", show, { signal });
  form.addEventListener("composer:sent", () => {
    for (const field of fields) if (field.name !== "cc") field.value = "";
    tell();
  }, { signal });
  show();
  tell();
}
