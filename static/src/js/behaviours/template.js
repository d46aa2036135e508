// Shows a template as the customer will read it, while its places are being filled.

const PLACE = /\{\{\s*(\w+)\s*\}\}/g;

export function template(card, signal) {
  const preview = card.querySelector("[data-preview]");
  const form = card.querySelector("form");

  function filled(part) {
    const text = preview.dataset[part];
    return text.replace(PLACE, (place, name) => form.elements[`${part}:${name}`]?.value.trim() || place);
  }

  form.addEventListener("input", () => {
    preview.textContent = [filled("header"), filled("body"), preview.dataset.footer].filter(Boolean).join("\n\n");
  }, { signal });
}
