"""The site in a real browser, as a reader has it: on a desk and on a phone, by day and by night."""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
WIDTHS = {1280: 800, 360: 740}

needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on this machine; on Debian: apt-get install chromium"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The book, built anew."""
    folder = tmp_path_factory.mktemp("site") / "html"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", str(ROOT), "-b", "html"]
    done = subprocess.run(
        [*command, str(ROOT / "chapters"), str(folder)], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return folder


def pages(site: Path) -> list[str]:
    return sorted(str(path.relative_to(site)) for path in site.rglob("*.html") if "_static" not in path.parts)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None: ...


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """The site served on this machine."""
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
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


@needs_browser
def test_a_mark_opens_without_scripts(address: str, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    evidence = page.locator(".idx-evidence").first
    assert not evidence.locator(".idx-relation").is_visible()
    evidence.locator("summary").first.click()
    assert evidence.locator(".idx-relation").is_visible()
    for name, said in {"LaTeX": r"_{,(gh)} = 2", "NumPy": "np.einsum", "JAX": "import jax"}.items():
        tab = evidence.locator(".idx-tabs details", has_text=name)
        tab.locator("summary").click()
        assert said in tab.locator("pre").inner_text()
        assert evidence.locator(".idx-tabs pre:visible").count() == 1, "one is open at a time"
    context.close()


@needs_browser
def test_search_finds_a_word(address: str, browser: Any) -> None:
    page = browser.new_page()
    faults = watched(page, address)
    page.goto(address + "search.html?q=tolerance")
    page.locator("#search-results li a").first.wait_for(timeout=10_000)
    assert "proved.html" in page.locator("#search-results li a").first.get_attribute("href")
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
