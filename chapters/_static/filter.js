// A field above the tables of identities: rows stay whose name, writing, shapes or source hold every word.
// Without this script all rows are there.

document.addEventListener("DOMContentLoaded", () => {
  const tables = [...document.querySelectorAll(".identities")];
  if (!tables.length) return;
  const plain = (text) => text.toLowerCase().replace(/\b([a-z])\s*[x×]\s*([a-z])\b/g, "$1×$2");
  const rows = tables.flatMap((table) => [...table.querySelectorAll("tbody tr")]).map((row) => {
    const cells = [...row.cells].filter((_, column) => column !== 3); // all but the formula
    return { row, text: plain(cells.map((cell) => cell.textContent).join(" ")) };
  });

  const label = document.createElement("label");
  const field = document.createElement("input");
  const count = document.createElement("output");
  label.className = "identities-filter";
  field.type = "search";
  field.placeholder = "inverse, number by m×n, MC 49";
  count.setAttribute("aria-live", "polite");
  label.append("Show only rows with ", field, count);
  tables[0].before(label);

  field.addEventListener("input", () => {
    const words = plain(field.value).match(/\S+ by \S+|\S+/g) || []; // a shape is one word
    let shown = 0;
    for (const { row, text } of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    for (const table of tables) table.hidden = !table.querySelector("tbody tr:not([hidden])");
    count.textContent = words.length ? ` ${shown} of ${rows.length}` : "";
  });
});
