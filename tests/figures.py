"""The figures of the long runs, kept with their date in a file that the book shows."""

from __future__ import annotations

import json
import time
from pathlib import Path

FIGURES = Path(__file__).parent.parent / "chapters" / "figures.json"


def record(what: str, seed: int, figures: dict[str, int]) -> None:
    """Keep what a run counted, in place of what one of the same seed did."""
    known = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    known.setdefault(what, {})[str(seed)] = {"date": time.strftime("%Y-%m-%d"), **figures}
    FIGURES.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
