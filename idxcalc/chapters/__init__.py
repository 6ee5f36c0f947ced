"""Chapters: MyST text to statements with their places, and the verdict on each; no Sphinx, no pytest."""

from idxcalc.chapters.record import record, summary
from idxcalc.chapters.statement import OPTIONS, Statement
from idxcalc.chapters.text import Place
from idxcalc.chapters.verdicts import Chapter, Checked, chapter

__all__ = ["OPTIONS", "Chapter", "Checked", "Place", "Statement", "chapter", "record", "summary"]
