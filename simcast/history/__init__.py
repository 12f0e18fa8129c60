"""Histories: reading them strictly, what was known on a day, and how far they can be trusted."""

from __future__ import annotations

from simcast.history.book import Book
from simcast.history.crm import CRMS
from simcast.history.dialect import Dialect
from simcast.history.history import History
from simcast.history.measures import latest_amounts
from simcast.history.quality import QualityReport, Reading
from simcast.history.reading import read_history

__all__ = ["CRMS", "Book", "Dialect", "History", "QualityReport", "Reading", "latest_amounts", "read_history"]
