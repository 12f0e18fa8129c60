"""Which columns of a table with a row per deal date its end: one for all ends, or one for wins and one for losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from simcast.history.empty_cells import is_nothing
from simcast.history.parsing import normalise
from simcast.history.several_ends import OUTCOME
from simcast.history.table import Table
from simcast.starting import words
from simcast.starting.columns import Column
from simcast.starting.said import Said

_HALF = 0.5
_NEARLY_ALL = 0.9
"""So large a share of the ends must be dated by a column."""
_HARDLY_ANY = 0.1
"""Of the deals with one outcome, at most so many have the date of another."""
_MOST_TWICE = 0.05
"""Of the deals with the rarer of two ends, at most so many have both, by mistake."""
_ENDS = ("won", "lost")

Closed = str | dict[str, str]


def may_end(column: Column) -> bool:
    """Return whether a column of dates is called as one of the ends of deals."""
    return bool(words.CLOSED.search(column.key)) and not words.NO_END.search(column.key)


def share_dated(table: Table, outcome: Column, ends: Sequence[str], column: Column) -> float:
    """Return which share of the deals with one of these outcomes have a date in a column; 0 where there are none."""
    ended = has_word(table, outcome, ends)
    return float(_is_filled(table, column)[ended].mean()) if ended.any() else 0.0


def ends_by_outcome(
    table: Table,
    outcome: Column,
    means: Mapping[str, str],
    ends: Sequence[Column],
    others: Sequence[Column],
    said: Said,
    unsure: list[str],
) -> Closed | None:
    """Return the column that dates the ends of deals, or one for wins and one for losses; None where none does.

    Parameters
    ----------
    table
        A row per deal.
    outcome, means
        Its column of outcomes, and what the words in it mean.
    ends
        Columns that are called as ends of deals, or the one that the user names.
    others
        Further columns of dates. One of them is taken where it has a date of nearly all deals with one outcome and of
        hardly any others, and none of `ends` dates most of those.
    said
        What the user says of the file.
    unsure
        What is not sure is added to it.
    """

    def words_for(*names: str) -> list[str]:
        return [word for word, name in means.items() if name in names]

    def dated(column: Column, *names: str) -> float:
        return share_dated(table, outcome, words_for(*names), column)

    def likeliest(*names: str) -> Column | None:
        return max(ends, key=lambda column: dated(column, *names), default=None)

    if "closed" in said.columns:
        return said.columns["closed"]
    if named := said.ends:
        guessed = {name: end.name for name in _ENDS if (end := likeliest(name)) and dated(end, name) > 0.0}
        return {name: {**guessed, **named}[name] for name in _ENDS if name in guessed or name in named}
    found = {
        name: column
        for name in _ENDS
        if max((dated(end, name) for end in ends), default=0.0) < _HALF
        and (column := _date_of_one_outcome(table, outcome, words_for(name), others))
    }
    best, wins, losses = likeliest(*_ENDS), found.get("won", likeliest("won")), found.get("lost", likeliest("lost"))
    if wins is None or losses is None:
        return None
    apart = min(dated(wins, "won"), dated(losses, "lost")) >= _NEARLY_ALL
    together = best is not None and min(dated(best, "won"), dated(best, "lost")) >= _NEARLY_ALL  # one may be rare
    if found or (wins is not losses and apart and not together):
        unsure.append(
            f"{wins.name!r} is taken as the day of a win and {losses.name!r} as that of a loss (history.columns.closed)"
        )
        unsure += [
            f"{column.name!r} is taken so since nearly all {name} deals, and hardly any others, have a date in it"
            for name, column in found.items()
        ]
        return {"won": wins.name, "lost": losses.name}
    if best is None:
        return None
    if len(ends) > 1:
        rest = ", ".join(column.name for column in ends if column is not best)
        unsure.append(f"{best.name!r} is taken as the day on which a deal ended, not {rest} (history.columns.closed)")
    return best.name


def ends_without_outcome(
    table: Table, columns: Sequence[Column], ends: Sequence[Column], said: Said
) -> dict[str, str] | None:
    """Return one column of dates for wins and one for losses, by which outcomes can be told; None where none can.

    They are called so, or named by the user, and hardly any deal has both.
    """
    if OUTCOME in table.cells.columns or {"closed", "outcome"} & set(said.columns) or said.outcomes:
        return None
    called = {
        "won": [end for end in ends if words.WON_ON.search(end.key) and not words.LOST_ON.search(end.key)],
        "lost": [end for end in ends if words.LOST_ON.search(end.key) and not words.WON_ON.search(end.key)],
    }
    found = {
        name: said.column(columns, f"closed.{name}") or max(called[name], key=lambda end: end.filled, default=None)
        for name in _ENDS
    }
    wins, losses = found["won"], found["lost"]
    if wins is None or losses is None or wins is losses:
        return None
    won, lost = _is_filled(table, wins), _is_filled(table, losses)
    if len(said.ends) < len(_ENDS) and (won & lost).sum() > _MOST_TWICE * min(won.sum(), lost.sum()):
        return None
    return {"won": wins.name, "lost": losses.name}


def _date_of_one_outcome(
    table: Table, outcome: Column, ends: Sequence[str], columns: Sequence[Column]
) -> Column | None:
    """Return the column with a date of nearly all deals with these words, and of hardly any others."""
    ended = has_word(table, outcome, ends)
    if not ended.any() or ended.all():
        return None

    def others(column: Column) -> float:
        return float(_is_filled(table, column)[~ended].sum())

    able = [
        column
        for column in columns
        if _is_filled(table, column)[ended].mean() >= _NEARLY_ALL
        and others(column) <= _HARDLY_ANY * min(ended.sum(), (~ended).sum())
    ]
    return min(able, key=others, default=None)


def has_word(table: Table, column: Column, among: Sequence[str]) -> NDArray[np.bool_]:
    """Return which rows have one of some words in a column; an empty cell has the word ``""``."""
    return table.cells[column.name].astype("str").map(normalise).isin(among).to_numpy(dtype=bool)


def _is_filled(table: Table, column: Column) -> NDArray[np.bool_]:
    texts = table.cells[column.name]
    return (texts.notna() & ~texts.astype("str").map(normalise).map(is_nothing).astype(bool)).to_numpy(dtype=bool)
