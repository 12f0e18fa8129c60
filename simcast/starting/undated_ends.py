"""Deals of a log that are said to be lost, in a column beside the stages, without a row that dates it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from simcast.history.parsing import normalise
from simcast.history.table import Table
from simcast.starting import words
from simcast.starting.columns import Column

_MOST_WORDS = 20


def undated_ends(
    table: Table, columns: Sequence[Column], used: Collection[str], deal: str, outcomes: Collection[str]
) -> list[str]:
    """Say which columns tell of lost deals that no row of a stage tells of; nothing where rows tell of losses.

    Parameters
    ----------
    table, columns
        The log.
    used
        Columns that have a meaning already.
    deal
        The column of deals.
    outcomes
        The words in the column of stages, and what they mean.
    """
    if any(word.casefold() == "lost" for word in outcomes):
        return []
    found = []
    for column in columns:
        if column.name in used or column.is_date or column.is_number or column.n_words > _MOST_WORDS:
            continue
        lost = [word for word in column.words if words.meaning(word) == "lost"]
        if not lost:
            continue
        rows = table.cells[column.name].astype("str").map(normalise).isin(lost)
        n_deals = table.cells.loc[rows, deal].nunique()
        found.append(
            f"{column.name!r} says {', '.join(map(repr, lost))} of {n_deals:,} deals, and no row dates that: they "
            "count as open, and as ever less likely to be won; add a row for each, with stage lost and the day"
        )
    return found
