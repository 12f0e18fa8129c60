"""Which columns distinguish deals that may behave differently: the candidates for segments."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simcast.history import History
from simcast.history.table import Table
from simcast.starting import words
from simcast.starting.columns import Column

FEWEST_PER_SEGMENT = 30
MOST_SEGMENT_VALUES = 12


def named_segments(table: Table, columns: Sequence[Column], used: set[str], deal: Column | None) -> tuple[str, ...]:
    """Choose columns that tell deals apart: with few values, filled, and the same on all rows of a deal."""
    found = []
    for rank, pattern in enumerate(words.SEGMENTS):
        for column in columns:
            few = 2 <= column.n_words <= min(MOST_SEGMENT_VALUES, len(table.place) // FEWEST_PER_SEGMENT)
            if column.name in used or column.is_date or column.is_number or column.filled < 0.95 or not few:
                continue
            if pattern.search(column.key) and (deal is None or _is_constant(table, deal, column)):
                found.append((rank, column.name))
    return tuple(dict.fromkeys(name for _, name in found))


def _is_constant(table: Table, deal: Column, column: Column) -> bool:
    return len(table.cells[[deal.name, column.name]].drop_duplicates()) == deal.n_words


def without_those_set_late(
    names: Sequence[str], read: Callable[[str], History]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Leave out columns that deals seem to get on their way; return the others, and what is said of these.

    Parameters
    ----------
    names
        The columns.
    read
        Reads the file with one of them.
    """
    late = {name: read(name).quality.set_late for name in names}
    kept = tuple(name for name in names if not late[name])
    return kept, tuple(f"{found.words()} (it is left out)" for every in late.values() for found in every)
