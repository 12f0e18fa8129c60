"""The progress of long work: how functions report it to their callers."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with a description and the fraction done."""


def silence(_: str, __: float) -> None:
    """Report progress to nobody."""
