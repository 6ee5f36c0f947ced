// Pointing at an index lights up its partners. With the keyboard, left and right go from index to index of
// the formula that has the focus, up and down from formula to formula; what is lit is said aloud. Tab stops at
// displays and at the first formula of a table, or a page; at the others inside sentences it would be a nuisance.
// Nothing is lost without this script.

// The script is deferred: the page is there.
const INDEXED = ".math:has([data-i])";
const formulas = [...document.querySelectorAll(INDEXED)];
const lit = [];
const heard = Object.assign(document.createElement("div"), { className: "idx-heard", role: "status" });
document.body.append(heard);

function light(formula, name) {
  lit.splice(0).forEach((each) => each.classList.remove("idx-lit"));
  if (name === undefined) return;
  lit.push(...formula.querySelectorAll(`[data-i="${name}"]`));
  lit.forEach((each) => each.classList.add("idx-lit"));
}

const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], Escape: [0, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

function step(event) {
  const formula = event.currentTarget;
  const [way, over] = WAYS[event.key] ?? [];
  if (way === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  const near = formulas.filter((each) => each === formula || each.checkVisibility());
  const other = near[near.indexOf(formula) + over];
  if (!other) return; // after the last one the page scrolls
  event.preventDefault();
  event.stopPropagation(); // themes turn pages with the same keys
  if (over) return other.focus();
  const names = [...new Set([...formula.querySelectorAll("[data-i]")].map((each) => each.dataset.i))];
  const at = names.indexOf(lit[0]?.dataset.i);
  const next = at < 0 && way < 0 ? names.length - 1 : (at + way + names.length) % names.length;
  light(formula, way ? names[next] : undefined);
  lit[0]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  heard.textContent = lit.length ? `index ${lit[0].textContent}, in ${lit.length} places` : "";
}

document.addEventListener("pointerover", ({ target }) => {
  const index = target.closest("[data-i]");
  light(index?.closest(".math"), index?.dataset.i);
});

for (const formula of formulas) {
  const firsts = [formulas[0], formula.closest("table")?.querySelector(INDEXED)];
  formula.tabIndex = formula.matches("div") || firsts.includes(formula) ? 0 : -1;
  formula.setAttribute("role", "group");
  formula.setAttribute("aria-label", "Formula; left and right: its indices, up and down: other formulas");
  formula.addEventListener("keydown", step);
  formula.addEventListener("blur", () => light());
}
