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
PAINTED = """() => ({
  read: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,
  done: performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd })"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None: ...


def visited(browser: Any, address: str) -> tuple[int, int, dict[str, float]]:
    """The bytes of the page itself, those of all it asks for, and its times, for a reader's first visit."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    sizes: list[int] = []
    page.on("response", lambda response: sizes.append(len(response.body()) if response.ok else 0))
    page.goto(address, wait_until="networkidle")
    found = page.evaluate(PAINTED)
    context.close()
    return sizes[0], sum(sizes), found


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
            times = [statistics.median(run[2][key] for run in runs) for key in ("read", "done")]
            rows.append(
                [name, *(f"{size / 1024:.0f}" for size in runs[0][:2]), *(f"{time:.0f}" for time in times)]
            )
        browser.close()
        server.shutdown()
    heads = ["page", "the page, KiB", "with all it loads, KiB", "first text, ms", "all parsed, ms"]
    table("Pages, uncompressed, from this machine, nothing cached", heads, rows)


if __name__ == "__main__":
    main()
