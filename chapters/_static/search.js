// A found page is quoted with its formulas as they were typed, once each, and without their evidence.

if (typeof Search !== "undefined") {
  const quoted = Search.htmlToText;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    page.querySelectorAll("main details, [role=main] details").forEach((each) => each.remove());
    for (const formula of page.querySelectorAll(".katex")) {
      const typed = formula.querySelector("annotation")?.textContent ?? formula.textContent;
      formula.replaceWith(typed.replace(/\{\\htmlData\{[^}]*\}\{([^{}]*)\}\}/g, "$1")); // marks for the pointer
    }
    return quoted(page.documentElement.outerHTML, anchor);
  };
}
