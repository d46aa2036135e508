// Whose phone it is: choosing somebody, or making somebody new.
import { h } from "../widget/dom.js";
import { sheet } from "./screens.js";

const initials = (name) => name.split(/\s+/).slice(0, 2).map((word) => word[0]).join("").toUpperCase();

export function cast(root, phone) {
  const list = root.querySelector("[data-people]");
  const form = root.querySelector("[data-new]");
  const problem = form.querySelector("[data-new-problem]");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await phone.add(Object.fromEntries(new FormData(form)));
      form.reset();
      form.closest("details").open = false;
      problem.textContent = "";
      sheet(root, "cast", false);
    } catch (error) {
      problem.textContent = error.message;
    }
  });
  root.querySelector("[data-cast-close]").addEventListener("click", () => sheet(root, "cast", false));

  return {
    draw({ people, person }) {
      root.querySelector("[data-name]").textContent = person.name;
      root.querySelector("[data-about]").textContent = `${person.whatsapp} · ${person.email}`;
      list.replaceChildren(...people.map((one, n) => h("li", {}, h("button", {
        type: "button", "aria-current": one.id === person.id ? "true" : null,
        onclick: () => { sheet(root, "cast", false); phone.choose(one.id); },
      }, h("span", { class: `face-mark hue-${n % 8}`, "aria-hidden": "true" }, initials(one.name)),
      h("span", { class: "person" }, one.name, h("small", {}, one.whatsapp))))));
      list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
    },
  };
}
