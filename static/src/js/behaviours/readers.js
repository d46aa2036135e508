// Who will read an answer, always in sight. Further readers only for mail; what is offered goes with a click into the
// field that was last used.

const SHOWN = 3;

export function readers(root, signal) {
  const form = root.closest("form");
  const details = root.querySelector("details:not(.ways)");
  const fields = [...root.querySelectorAll("input")];
  const audience = root.querySelector("[data-audience]");
  const names = JSON.parse(root.dataset.names ?? "{}");
  const addresses = (field) => field.value.split(/[,;\n]/).map((one) => one.trim()).filter(Boolean);
  const called = (address) => names[address.toLowerCase()] ? `${names[address.toLowerCase()]} (${address})` : address;
  let last = fields.find((field) => field.name === "cc");

  function tell() {
    const option = form.elements.route?.selectedOptions[0];
    const first = Object.assign(document.createElement("strong"), { textContent: root.dataset.name });
    const words = fields.filter((field) => !field.disabled).flatMap((field) => {
      const named = addresses(field);
      if (!named.length) return [];
      const label = { to: "and", cc: "; copy to", bcc: "; hidden copy to" }[field.name];
      return `${label} ${named.slice(0, SHOWN).map(called).join(", ")}${named.length > SHOWN ? ` and ${named.length - SHOWN} more` : ""}`;
    });
    const to = option?.dataset.reader ? `, ${option.dataset.reader}` : "";
    audience?.replaceChildren("Read by ", first, `${to} ${words.join("")}`.replaceAll(" ;", ";").trimEnd());
    const used = new Set(fields.flatMap(addresses).map((one) => one.toLowerCase()));
    const mail = Boolean(option && "mail" in option.dataset);
    for (const button of root.querySelectorAll("[data-add]")) {
      const all = button.dataset.add.split(", ").every((one) => used.has(one));
      (button.closest("li") ?? button).hidden = all || !mail;
    }
  }

  function show() {
    const option = form.elements.route?.selectedOptions[0];
    const mail = Boolean(option && "mail" in option.dataset);
    if (details) details.hidden = !mail;
    for (const field of fields) field.disabled = !mail;
    tell();
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
  root.addEventListener("input", tell, { signal });
  form.addEventListener("change", show, { signal });
  form.addEventListener("composer:sent", () => {
    for (const field of fields) if (field.name !== "cc") field.value = "";
    tell();
  }, { signal });
  show();
}
