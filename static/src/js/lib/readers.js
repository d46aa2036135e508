// What stands in the composer's fields for further readers of a mail.

const NAMES = ["to", "cc", "bcc"];
const fields = (form) => NAMES.map((name) => form.elements[name]).filter((field) => field && !field.disabled);

export const typed = (form) => Object.fromEntries(fields(form).map((field) => [field.name, field.value]));

export function putBack(form, entry) {
  for (const field of fields(form)) if (field.name in entry) field.value = entry[field.name];
  fields(form)[0]?.dispatchEvent(new Event("input", { bubbles: true }));
}
