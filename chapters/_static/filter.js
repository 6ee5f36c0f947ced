// A field above the tables of identities: rows stay whose name, writing, shapes, formula or source hold every
// word; the first of them comes into view. Without this script all rows are there.

document.addEventListener("DOMContentLoaded", () => {
  const tables = [...document.querySelectorAll(".identities")];
  if (!tables.length) return;
  const plain = (text) => text.toLowerCase()
    .replace(/[‘’]/g, "'")
    .replace(/\{\\htmldata\{[^}]*\}\{([^{}]*)\}\}/g, "$1") // what marks an index for the pointer
    .replace(/\b([a-z])\s*[x×]\s*([a-z])\b/g, "$1×$2")
    .replace(/\^(\{-1\}|-1)/g, "⁻¹")
    .replace(/\^(\{t\}|t\b)/g, "ᵀ")
    .replace(/\bscalar\b/g, "number");
  const kinds = (shapes) => shapes.replace(/\b[a-z]×[a-z]\b/g, "matrix").replace(/\b[a-z]\b/g, "vector");
  const rows = tables.flatMap((table) => [...table.querySelectorAll("tbody tr")]).map((row) => {
    const [name, writing, shapes, formula, source] = row.cells;
    const tex = formula.querySelector("annotation") ?? formula;
    const words = [name, writing, shapes, tex, source].map((each) => each.textContent);
    return { row, text: plain([...words, kinds(shapes.textContent)].join("\n")) };
  });

  const label = document.createElement("label");
  const field = document.createElement("input");
  const count = document.createElement("output");
  label.className = "identities-filter";
  field.type = "search";
  field.placeholder = "inverse, number by m×n, MC 49";
  count.setAttribute("aria-live", "polite");
  label.append("Show only rows with ", field, count);
  (tables[0].closest("section section") ?? tables[0]).before(label); // where it stays in view with all tables

  field.addEventListener("input", () => {
    const words = plain(field.value).match(/\S+ by \S+|\S+/g) || []; // a shape is one word
    const shown = rows.filter(({ row, text }) => !(row.hidden = !words.every((word) => text.includes(word))));
    for (const table of tables) table.hidden = !table.querySelector("tbody tr:not([hidden])");
    count.textContent = words.length ? ` ${shown.length} of ${rows.length}` : "";
    const first = words.length && shown[0]?.row;
    if (!first) return;
    const { top, bottom } = first.getBoundingClientRect();
    const seen = top >= label.getBoundingClientRect().bottom && bottom <= innerHeight;
    if (!seen) scrollTo({ top: scrollY + top - innerHeight / 2, behavior: "instant" }); // never sideways
  });
});
