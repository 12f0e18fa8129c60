"""Deals of a log that are said to be lost, in a column beside the stages, without a row that dates it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from simcast.history.parsing import normalise
from simcast.history.table import Table
from simcast.starting import words
from simcast.starting.columns import Column
from simcast.starting.set_aside import NOT_FIT
from simcast.writing import counted

_MOST_WORDS = 20
_HOW_BAD = {"won": f"{NOT_FIT}, since ", "lost": ""}
_COUNTED = {
    "won": ("it does not count as won", "they do not count as won"),
    "lost": (
        "it counts as open, and as ever less likely to be won",
        "they count as open, and as ever less likely to be won",
    ),
}


def undated_ends(
    table: Table, columns: Sequence[Column], used: Collection[str], deal: str, outcomes: Collection[str]
) -> list[str]:
    """Say which columns tell of won or lost deals that no row of a stage tells of; nothing where rows tell of such.

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
    told = {word.casefold() for word in outcomes} | set(words.meanings(outcomes).values())
    found = []
    for column in columns:
        if column.name in used or column.is_date or column.is_number or column.n_words > _MOST_WORDS:
            continue
        meant = words.meanings(column.words)
        for name in ("won", "lost"):
            ends = [word for word in column.words if meant.get(word) == name]
            if not ends or name in told or (name == "won" and not words.OUTCOME.search(column.key)):
                continue
            rows = table.cells[column.name].astype("str").map(normalise).isin(ends)
            n_deals = table.cells.loc[rows, deal].nunique()
            found.append(
                f"{_HOW_BAD[name]}{column.name!r} says {', '.join(map(repr, ends))} of {counted(n_deals, 'deal')},"
                " and no row"
                f" dates that: {_COUNTED[name][n_deals > 1]}; add a row for each, with stage {name} and the day"
            )
    return found
