"""Chapters: MyST text to statements with their places, and the verdict on each; no Sphinx, no pytest."""

from idxcalc.chapters.record import Found, found, record, summary
from idxcalc.chapters.statement import OPTIONS, Exercise, Statement
from idxcalc.chapters.verdicts import Chapter, chapter

__all__ = ["OPTIONS", "Chapter", "Exercise", "Found", "Statement", "chapter", "found", "record", "summary"]
