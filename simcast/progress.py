"""What is told of long work while it goes on: a description, and the fraction done."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with a description and the fraction done."""


def silence(_: str, __: float) -> None:
    """Tell nobody."""
