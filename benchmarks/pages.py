"""Pages of the built book as a browser gets them: what they weigh, and when they can be read."""

from __future__ import annotations

import functools
import http.server
import shutil
import statistics
import threading
from pathlib import Path
from typing import Any

from timing import RUNS, table

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
PAGES = ("index.html", "scalar.html", "neuron.html", "notation.html")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
MEASURED = """() => {
  const [page] = performance.getEntriesByType('navigation');
  const others = performance.getEntriesByType('resource').map(each => each.encodedBodySize);
  const loaded = others.reduce((sum, each) => sum + each, 0);
  const [first] = performance.getEntriesByName('first-contentful-paint');
  return [page.encodedBodySize / 1024, (page.encodedBodySize + loaded) / 1024,
    first ? first.startTime : NaN, page.domContentLoadedEventEnd] }"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None: ...


def visited(browser: Any, address: str) -> list[float]:
    """KiB of the page and of all it loads, milliseconds to its first text and to its end; a first visit."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(address, wait_until="networkidle")
    found: list[float] = page.evaluate(MEASURED)
    context.close()
    return found


def main() -> None:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return print("\nplaywright is absent: no page was weighed")
    if chromium is None or not SITE.is_dir():
        return print("\nno page was weighed: needs chromium, and the book as `make` builds it")
    handler = functools.partial(Quiet, directory=str(SITE))
    rows = []
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        sync_playwright() as playwright,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name in PAGES:
            runs = [visited(browser, f"http://127.0.0.1:{server.server_port}/{name}") for _ in range(RUNS)]
            rows.append([name, *(f"{statistics.median(each):.0f}" for each in zip(*runs, strict=True))])
        browser.close()
        server.shutdown()
    heads = ["page", "the page, KiB", "with all it loads, KiB", "first text, ms", "all parsed, ms"]
    table("Pages, uncompressed, from this machine, nothing cached", heads, rows)


if __name__ == "__main__":
    main()
