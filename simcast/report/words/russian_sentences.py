"""Sentences that other parts of simcast write in English, in Russian: by their wording, with what stands in them kept."""

from __future__ import annotations


def in_russian(english: str) -> str | None:
    """Return a sentence in Russian; None where it is not known."""
    return None
