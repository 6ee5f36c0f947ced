// Pointing at an index lights up its partners. With the keyboard, the arrow keys go from index to index of
// the formula that has the focus; what is lit is said aloud. Nothing is lost without this script.

const lit = [];
const heard = document.createElement("div");
heard.className = "idx-heard";
heard.setAttribute("role", "status");

function light(formula, name) {
  lit.splice(0).forEach((each) => each.classList.remove("idx-lit"));
  if (name === undefined) return;
  lit.push(...formula.querySelectorAll(`[data-i="${name}"]`));
  lit.forEach((each) => each.classList.add("idx-lit"));
}

function point({ target }) {
  const index = target.closest("[data-i]");
  light(index?.closest(".math"), index?.dataset.i);
}

function step(event) {
  const formula = event.currentTarget;
  const names = [...new Set([...formula.querySelectorAll("[data-i]")].map((each) => each.dataset.i))];
  const way = { ArrowRight: 1, ArrowLeft: -1, Escape: 0 }[event.key];
  if (way === undefined) return;
  event.preventDefault();
  event.stopPropagation(); // themes turn pages with the same keys
  const at = names.indexOf(lit[0]?.dataset.i);
  const next = at < 0 && way < 0 ? names.length - 1 : (at + way + names.length) % names.length;
  light(formula, way ? names[next] : undefined);
  heard.textContent = lit.length ? `index ${lit[0].textContent}, in ${lit.length} places` : "";
}

addEventListener("DOMContentLoaded", () => {
  document.body.append(heard);
  document.addEventListener("pointerover", point);
  for (const formula of document.querySelectorAll("div.math:has([data-i])")) {
    formula.tabIndex = 0;
    formula.setAttribute("role", "group");
    formula.setAttribute("aria-label", "Formula; the arrow keys go through its indices");
    formula.addEventListener("keydown", step);
    formula.addEventListener("blur", () => light());
  }
});
