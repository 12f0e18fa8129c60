"""Values of a segment column that people would read as one, and that count as different."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from simcast.segments import Segments

MOST_SHOWN = 3
"""So many groups are named; of more it is said how many there are."""


@dataclass(frozen=True)
class AlikeNames:
    """Groups of values of a segment column that differ only in case, blanks or invisible characters."""

    column: str
    groups: tuple[tuple[str, ...], ...]

    def words(self) -> str:
        """Say which they are, and what to do."""
        shown = "; ".join(", ".join(map(repr, names)) for names in self.groups[:MOST_SHOWN])
        more = f"; and {len(self.groups) - MOST_SHOWN:,} more" if len(self.groups) > MOST_SHOWN else ""
        return (
            f"values of {self.column!r} differ only in case, blanks or invisible characters, and count as different"
            f" segments: {shown}{more}. Write them alike if they are the same"
        )


def alike_names(segments: Segments) -> tuple[AlikeNames, ...]:
    """Find the values that look alike, by segment column.

    Examples
    --------
    >>> alike_names(Segments.found(["source"], [["Web site"], ["web  site"], ["ads"]]))
    (AlikeNames(column='source', groups=(('Web site', 'web  site'),)),)
    """
    found = ((name, _groups(set(segments.column(name)))) for name in segments.columns)
    return tuple(AlikeNames(name, groups) for name, groups in found if groups)


def _groups(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    by_look: dict[str, list[str]] = {}
    for name in sorted(names):
        by_look.setdefault(_look(name), []).append(name)
    return tuple(tuple(alike) for alike in by_look.values() if len(alike) > 1)


def _look(name: str) -> str:
    """Return a name without what the eye passes over: case, kinds and numbers of blanks, characters of no width."""
    seen = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFC", " ".join(seen.casefold().split()))
