"""The site in a real browser, as a reader has it: on a desk and on a phone, by day and by night."""

from __future__ import annotations

import functools
import http.server
import json
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from built import ROOT, book

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
WIDTHS = {1280: 800, 360: 740}

needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on this machine; on Debian: apt-get install chromium"
)


@pytest.fixture(scope="module")
def site() -> Path:
    """The book as `make strict` builds it."""
    return book("html")


def pages(site: Path) -> list[str]:
    return sorted(str(path.relative_to(site)) for path in site.rglob("*.html") if "_static" not in path.parts)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None: ...


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64  # a page asks for all its fonts at once


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """The site served on this machine."""
    handler = functools.partial(Quiet, directory=str(site))
    with Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


def watched(page: Any, address: str) -> list[str]:
    """A list that fills with what must not happen on a page."""
    found: list[str] = []
    page.on("console", lambda said: found.append(f"console: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: found.append(f"script: {error}"))
    page.on(
        "request", lambda r: None if r.url.startswith((address, "data:")) else found.append(f"left: {r.url}")
    )
    page.on("response", lambda r: found.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
    return found


WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll('article *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 5).map(e => e.tagName + '.' + e.className)
    .concat(['page: ' + document.documentElement.scrollWidth])"""


@needs_browser
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_quiet_whole_and_as_wide_as_the_screen(
    site: Path, address: str, browser: Any, width: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": WIDTHS[width]}, color_scheme=scheme)
    page = context.new_page()
    faults = watched(page, address)
    for name in pages(site):
        page.goto(address + name, wait_until="networkidle")
        faults += [f"{name} is too wide: {found}" for found in page.evaluate(WIDE)]
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        faults += [f"{name}, all opened, is too wide: {found}" for found in page.evaluate(WIDE)]
    context.close()
    assert not faults


@needs_browser
def test_the_first_screen_shows_a_proof_a_refusal_and_three_doors(address: str, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    for selector in (".idx-mark.idx-proved", ".idx-mark.idx-refuted", ".idx-refusal", ".doors a"):
        box = page.locator(selector).first.bounding_box()
        assert box is not None and box["y"] + box["height"] < 900, selector
    assert page.locator(".doors a").count() == 3
    page.close()


@pytest.fixture
def plain(address: str, browser: Any) -> Iterator[Any]:
    """The first page, without scripts."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()


@needs_browser
def test_a_mark_opens_without_scripts(plain: Any) -> None:
    evidence = plain.locator(".idx-evidence").first
    assert not evidence.locator(".idx-relation").is_visible()
    evidence.locator("summary").first.click()
    assert evidence.locator(".idx-relation").is_visible()
    for name, said in {"LaTeX": r"_{,(gh)} = 2", "NumPy": "np.einsum", "JAX": "import jax"}.items():
        summary = evidence.locator(".idx-tabs summary").get_by_text(name, exact=True)
        summary.click()
        assert said in summary.locator("xpath=..").locator("pre").inner_text()
        assert evidence.locator(".idx-tabs pre:visible").count() == 1, "one is open at a time"


@needs_browser
def test_an_index_lights_up_its_partners_by_pointer_by_keyboard_and_by_touch(
    address: str, browser: Any
) -> None:
    lit = "[...document.querySelectorAll('.idx-lit')].map(each => each.textContent).join('')"
    context = browser.new_context(has_touch=True)
    page = context.new_page()
    faults = watched(page, address)
    page.goto(address)
    formula = page.locator("div.math:has([data-i])").first
    index = formula.locator(".katex-html [data-i]", has_text="g").first
    index.hover()
    assert page.evaluate(lit) == "ggg"
    page.mouse.move(1, 1)
    assert page.evaluate(lit) == ""
    index.tap()
    assert page.evaluate(lit) == "ggg"
    formula.focus()
    names = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        names.append(page.evaluate(lit))
    assert names[0] == names[2] != names[1] and all(len(set(each)) == 1 for each in names)
    assert page.locator(".idx-heard[role=status]").inner_text().startswith(f"index {names[0][0]}, in ")
    page.keyboard.press("Escape")
    assert page.evaluate(lit) == ""
    context.close()
    assert not faults


TAB_STOPS = """() => [...document.querySelectorAll('div.math')].filter(each => each.checkVisibility())
  .map(each => [each, ...each.querySelectorAll('*')].filter(
    part => part.tabIndex >= 0 || ['auto', 'scroll'].includes(getComputedStyle(part).overflowX)).length)"""


@needs_browser
def test_a_display_is_one_stop_and_the_arrow_keys_reach_formulas_in_sentences(
    address: str, browser: Any
) -> None:
    at, lit = "document.activeElement.outerHTML.slice(0, 5)", "document.querySelectorAll('.idx-lit').length"
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.goto(address + "notation.html")
    assert set(page.evaluate(TAB_STOPS)) == {1}
    assert page.locator("span.math[tabindex='0']").count() < page.locator("span.math[tabindex='-1']").count()
    page.locator("div.math[tabindex='0']").first.focus()
    reached = set()
    for _ in range(60):
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
        reached.add(page.evaluate(at))
        assert page.evaluate(lit) > 0
    assert reached == {"<div ", "<span"}
    place = page.locator(":focus").inner_text()
    page.keyboard.press("ArrowUp")
    assert page.locator(":focus").inner_text() != place
    page.locator("main a, article a").first.focus()
    page.locator("span.math[tabindex='-1']").first.focus()
    page.keyboard.press("Alt+ArrowRight")
    assert page.evaluate(lit) == 0, "that key is the browser's"
    page.close()


@needs_browser
def test_the_sums_are_shown_without_scripts_and_by_keyboard(plain: Any) -> None:
    sums = plain.locator(".idx-sums").first
    assert not sums.locator(".katex-html").is_visible()
    sums.locator("summary").focus()
    plain.keyboard.press("Enter")
    assert "∑" in sums.locator(".katex-html").inner_text()


AXE = ROOT / "_build" / "katex" / "node_modules" / "axe-core" / "axe.min.js"
OF_EACH_KIND = ("index.html", "proved.html", "own-layer.html", "graph.html", "evidence.html", "search.html")
# What KaTeX draws is hidden from who listens, who gets the MathML beside it; by night only colours differ.
SERIOUS = """async (only) => {
  const page = { exclude: [['.katex']] };
  const found = await axe.run(page, { resultTypes: ['violations'], ...(only && { runOnly: only }) });
  return found.violations
    .filter(each => ['serious', 'critical'].includes(each.impact))
    .flatMap(each => each.nodes.map(node => `${each.id}: ${node.target} ${node.failureSummary}`));
}"""


@needs_browser
@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is missing; `make` installs it")
@pytest.mark.parametrize(("scheme", "only"), [("light", None), ("dark", ["color-contrast"])])
@pytest.mark.parametrize("all_pages", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_an_accessibility_scan_finds_nothing_serious(
    site: Path, address: str, browser: Any, scheme: str, only: list[str] | None, all_pages: bool
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    found = []
    for name in pages(site) if all_pages else OF_EACH_KIND:
        page.goto(address + name)
        page.add_script_tag(path=AXE)
        found += [f"{name}: {each}" for each in page.evaluate(SERIOUS, only)]
    context.close()
    assert not found, "\n".join(found[:20])


def test_formulas_are_there_for_who_hears_them_and_pictures_are_described(site: Path) -> None:
    for name in pages(site):
        text = (site / name).read_text(encoding="utf-8")
        assert text.count('class="katex-html" aria-hidden="true"') == text.count("<math "), name
        for picture in re.findall(r"<img\b[^>]*>", text):
            assert re.search(r'alt="[^"]{8,}"', picture), f"{name}: {picture}"


@needs_browser
def test_on_paper_marks_stay_and_what_is_closed_takes_no_room(address: str, browser: Any) -> None:
    page = browser.new_page()
    page.goto(address + "neuron.html")
    page.emulate_media(media="print")
    assert page.locator(".idx-mark.idx-proved").first.is_visible()
    assert not page.locator("details.idx-sums").first.is_visible()
    assert len(page.pdf(width="210mm", height="297mm")) > 20_000
    page.close()


ON_SCREEN_ONLY = ".skip-to-content, .headerlink, .copybtn, .back-to-top, p.notebook, .identities-filter"
TOO_WIDE = """() => [...document.querySelectorAll('.sheet td .katex-html')].filter(each =>
  each.getBoundingClientRect().right > each.closest('tr').getBoundingClientRect().right + 1)
  .map(each => each.textContent)"""


@needs_browser
def test_on_paper_is_nothing_that_only_a_screen_can_use(address: str, browser: Any) -> None:
    page = browser.new_page(color_scheme="dark")
    for name in ("neuron.html", "matrix-table.html", "evidence.html"):
        page.goto(address + name)
        page.evaluate("document.body.dataset.theme = 'dark'")
        assert page.locator(ON_SCREEN_ONLY).count() > 0
        page.emulate_media(media="print")
        assert page.locator(ON_SCREEN_ONLY).locator("visible=true").count() == 0, name
        assert page.evaluate("getComputedStyle(document.body).colorScheme") == "light"
        page.emulate_media(media="screen")
    page.close()


@needs_browser
@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_sheet_is_two_printed_pages(address: str, browser: Any, paper: str) -> None:
    page = browser.new_page(viewport={"width": 700, "height": 1000})  # between the margins of the paper
    page.goto(address + "cheat-sheet.html")
    printed = page.pdf(format=paper)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 2
    page.emulate_media(media="print")
    assert not page.evaluate(TOO_WIDE)
    page.close()


@needs_browser
def test_the_identities_are_found_by_name_by_shape_and_by_source(address: str, browser: Any) -> None:
    page = browser.new_page()
    faults = watched(page, address)
    page.goto(address + "matrix-table.html")
    rows, field = page.locator(".identities tbody tr:visible"), page.locator(".identities-filter input")
    everything = rows.count()
    asked = (
        "INVERSE", "number by m x n", "mc 49", "determinant inverse", "Jacobi", "hessian", "logdet", r"\det",
        "X^{-1}", "X^-1", "scalar by matrix", "vector by vector", r"tr \delta_{ij}",
    )  # fmt: skip
    for words in asked:
        field.fill(words)
        said = page.locator(".identities-filter output").inner_text()
        assert 0 < rows.count() < everything and said.strip() == f"{rows.count()} of {everything}", words
    field.fill("inverse")
    found = [text.lower() for text in rows.all_inner_texts()]
    assert all("inverse" in text or "^{-1}" in text for text in found)
    for words, first in {
        "jacobi's": "determinant (Jacobi's formula)",
        "logdet hessian": "logdet, twice",
    }.items():
        page.evaluate("scrollTo(0, 0)")
        field.fill(words)
        assert rows.first.inner_text().replace("’", "'").startswith(first)
        top, under = rows.first.bounding_box()["y"], field.bounding_box()["y"]
        assert 0 <= under < top < page.viewport_size["height"], "the field and the first row are in view"
    field.fill("no such thing")
    assert rows.count() == 0
    field.fill("")
    assert rows.count() == everything > 60
    page.close()
    assert not faults


@needs_browser
def test_the_graph_has_a_node_and_a_row_for_each_statement(site: Path, address: str, browser: Any) -> None:
    page = browser.new_page()
    page.goto(address + "graph.html")
    count = page.locator(".graph .nodes a").count()
    assert count > 200 and count == page.locator("table.graph-table tbody tr").count()
    assert page.locator(".graph .nodes a.whole").count() > 150
    page.locator(".graph .nodes a.whole").first.click()
    page.locator(":target").wait_for(state="attached", timeout=10_000)
    page.close()


def test_the_counts_are_there_as_data(site: Path) -> None:
    found = json.loads((site / "_static" / "checked.json").read_text(encoding="utf-8"))
    assert found["pages"]["neuron"]["proved"] > 20 and found["pages"]["neuron"]["largest error"] < 1e-9
    assert all(
        {"title", "proved", "tested", "wrong", "unchecked"} <= set(each) for each in found["pages"].values()
    )
    errors = [each["largest error"] for each in found["pages"].values()]
    assert 0 < max(errors) < 1e-6, "that two sides differ, as they should, is no error"
    assert set(found["versions"]) >= {"Python", "jax", "idxcalc"}


@needs_browser
def test_search_finds_a_word(address: str, browser: Any) -> None:
    page = browser.new_page()
    faults = watched(page, address)
    page.goto(address + "search.html?q=axioms")
    page.locator("#search-results li a").first.wait_for(timeout=10_000)
    assert "proved.html" in page.locator("#search-results li a").first.get_attribute("href")
    page.goto(address + "search.html?q=softmax")
    page.locator("#search-results p.context").nth(2).wait_for(timeout=10_000)
    quoted = " ".join(page.locator("#search-results p.context").all_inner_texts())
    assert re.search(r"Given\s+z_i \\quad", quoted), "formulas as they were typed"
    assert not re.search(r"htmlData|show the sums|zi\(i=1", quoted), quoted
    page.close()
    assert not faults


def test_no_link_inside_the_site_leads_nowhere(site: Path) -> None:
    idents: dict[Path, set[str]] = {}

    def known(path: Path) -> set[str]:
        if path not in idents:
            idents[path] = set(re.findall(r'\bid="([^"]*)"', path.read_text(encoding="utf-8")))
        return idents[path]

    lost = []
    for name in pages(site):
        text = (site / name).read_text(encoding="utf-8")
        for link in re.findall(r'<a\b[^>]*?\bhref="([^"]*)"', text):
            where, _, part = link.partition("#")
            if re.match(r"[a-z]+:", where):
                continue
            path = ((site / name).parent / unquote(where)).resolve() if where else (site / name).resolve()
            if not path.is_file() or (part and path.suffix == ".html" and unquote(part) not in known(path)):
                lost.append(f"{name}: {link}")
    assert not lost


def test_the_pages_ask_for_nothing_elsewhere(site: Path) -> None:
    for path in [*site.rglob("*.html"), *site.rglob("*.css")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"""(?:src=["']|url\(["']?|@import\s+["']?)(?:https?:)?//""", text), path
        assert not re.search(
            r'<link\b[^>]*rel="(?:stylesheet|icon|preload)"[^>]*href="(?:https?:)?//', text
        ), path
