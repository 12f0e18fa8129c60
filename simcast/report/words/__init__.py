"""The languages of a report: every text that a planner reads, in one place."""

from __future__ import annotations

from simcast.report.words.english import ENGLISH
from simcast.report.words.language import Language, Message
from simcast.report.words.russian import RUSSIAN

LANGUAGES: dict[str, Language] = {"en": ENGLISH, "ru": RUSSIAN}
"""By code, as ``--lang`` takes them."""

__all__ = ["LANGUAGES", "Language", "Message"]
