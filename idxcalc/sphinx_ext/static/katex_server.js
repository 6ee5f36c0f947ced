// Formulas in, HTML out: one JSON list per line, answered in the order of the questions.
const katex = require(process.argv[2]);

// The one command that marks a page, for the indices; what an author writes may not.
const trust = ({ command, attributes }) =>
  command === "\\htmlData" && Object.keys(attributes).join() === "data-i";

function answer(line) {
  const [tex, displayMode, macros] = JSON.parse(line);
  try {
    return { html: katex.renderToString(tex, { displayMode, macros, trust, strict: "ignore" }) };
  } catch (error) {
    return { error: String(error.rawMessage || error.message) };
  }
}

require("readline")
  .createInterface({ input: process.stdin, terminal: false })
  .on("line", (line) => process.stdout.write(JSON.stringify(answer(line)) + "\n"));
