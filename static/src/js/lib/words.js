// What the console's scripts say, in the language of the page. English stands in the code; a page in another language
// has brought its sentences before this runs (helpdesk/web/words.py).

const words = globalThis.helpdeskWords ?? {};
const rules = new Intl.PluralRules(document.documentElement?.lang || "en");
const SIX = ["zero", "one", "two", "few", "many", "other"];

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => values?.[name] ?? all);

// A sentence, its {names} filled in.
export const t = (text, values) => fill([words[text] ?? text].flat()[0], values);

// The same for n of something; {n} is there too.
export function tn(one, many, n, values) {
  const forms = words[one] ?? [one, many], kind = rules.select(n);
  const at = forms.length === 6 ? SIX.indexOf(kind) : forms.length === 1 || kind === "one" ? 0 : 1;
  return fill(forms[at], { n, ...values });
}
