// Shows a template as the customer will read it, while its places are being filled.

const PLACE = /\{\{\s*(\w+)\s*\}\}/g;

export function template(card, signal) {
  const preview = card.querySelector("[data-preview]");
  const heading = card.querySelector("[data-heading]");
  const form = card.querySelector("form");
  const value = (name) => form.elements[name]?.value.trim() ?? "";

  function filled(part) {
    return preview.dataset[part].replace(PLACE, (place, name) => value(`${part}:${name}`) || place);
  }

  function showFile(file) {
    URL.revokeObjectURL(heading.querySelector("img")?.src);
    heading.replaceChildren(heading.dataset.heading);
    if (!file) return;
    heading.replaceChildren(file.name);
    if (!file.type.startsWith("image/")) return;
    const picture = new Image();
    picture.src = URL.createObjectURL(file);
    picture.alt = file.name;
    heading.replaceChildren(picture);
  }

  form.addEventListener("input", (event) => {
    const place = [value("location:name"), value("location:address")].filter(Boolean).join(", ");
    preview.textContent = [place, filled("header"), filled("body"), preview.dataset.footer].filter(Boolean).join("\n\n");
    if (event.target.type === "file") showFile(event.target.files[0]);
  }, { signal });
}
