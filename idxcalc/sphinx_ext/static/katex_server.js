// Formulas in, HTML out: one JSON object per line, answered in the order of the questions.
const katex = require(process.argv[2]);
const lines = require("readline").createInterface({ input: process.stdin, terminal: false });

lines.on("line", (line) => {
  const { tex, display, macros } = JSON.parse(line);
  let answer;
  try {
    const html = katex.renderToString(tex, {
      displayMode: display,
      macros: { ...macros },
      output: "htmlAndMathml",
      strict: "ignore",
      throwOnError: true,
      trust: false,
    });
    answer = { html };
  } catch (error) {
    answer = { error: String(error.rawMessage || error.message), position: error.position ?? -1 };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
});
