"""One column of closing dates out of several: a table with a row per deal may have a column for each outcome."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from simcast.arguments import or_nearest
from simcast.errors import DataError
from simcast.history.empty_cells import is_nothing
from simcast.history.parsing import normalise
from simcast.history.table import Table

OUTCOME = "outcome"
"""The column of outcomes, where a file names none."""


def join_ends(table: Table, outcome: str, closed: Mapping[str, str], outcomes: Mapping[str, str]) -> tuple[Table, str]:
    """Add a column that takes the date of each deal from the column of its outcome.

    Parameters
    ----------
    table
        A row per deal.
    outcome
        The column of outcomes.
    closed
        The column of dates for each outcome. Deals that have another, or none, take the first date they have.
    outcomes
        The file's words for our outcomes.

    Returns
    -------
    Table, str
        With the column, and its name.

    Raises
    ------
    DataError
        When a column is not there, or no deal has one of the outcomes.
    """
    meaning = {normalise(word): name for word, name in outcomes.items()}
    columns = {name: normalise(column) for name, column in closed.items()}
    _require(table, {"outcome": outcome, **{f"closed.{name}": column for name, column in columns.items()}})
    ends = table.cells[outcome].astype("str").map(normalise).map(lambda word: meaning.get(word, word))
    there = list(dict.fromkeys(ends))
    problems = [
        f"history.columns.closed: no deal has the outcome {name!r}{or_nearest(name, [end for end in there if end])}"
        for name in columns
        if name not in there and name not in {"won", "lost"}
    ]
    if problems:
        raise DataError(problems)
    texts = {name: _as_text(table.cells[column]) for name, column in columns.items()}
    dates = pd.Series("", index=table.cells.index, dtype="str")
    for column in texts.values():
        dates = dates.where(dates != "", column)
    for name, column in texts.items():
        dates = dates.where(ends != name, column)
    joined = " / ".join(columns.values())
    return table.with_column(joined, dates.astype("str")), joined


def outcome_by_dates(
    table: Table, closed: Mapping[str, str], *, strict: bool
) -> tuple[Table, dict[str, dict[int, str]]]:
    """Add a column of outcomes, `OUTCOME`, that tells each deal's by which of its dates is there; empty where none is.

    Parameters
    ----------
    table
        A row per deal, without such a column.
    closed
        The column of dates for each outcome.
    strict
        Whether a dash and the like are no empty cells.

    Returns
    -------
    Table, dict
        With the column; and what is wrong with deals that have two ends, by column and row.

    Raises
    ------
    DataError
        When a column is not there.
    """
    columns = {name: normalise(column) for name, column in closed.items()}
    _require(table, {f"closed.{name}": column for name, column in columns.items()})
    outcomes = pd.Series("", index=table.cells.index, dtype="str")
    dates = pd.Series("", index=table.cells.index, dtype="str")
    first = dict.fromkeys(range(len(outcomes)), "")
    twice: dict[str, dict[int, str]] = {}
    for name, column in columns.items():
        texts = _as_text(table.cells[column])
        there = (texts != "") if strict else ~texts.map(is_nothing).astype(bool)
        twice[column] = {
            int(
                row
            ): f"the deal has a date in {first[int(row)]!r} too ({dates.iloc[row]}), and ends but once: remove one, or"
            " name a column of outcomes under history.columns.outcome"
            for row in np.flatnonzero(there & (outcomes != ""))
        }
        new = there & (outcomes == "")
        first.update(dict.fromkeys(map(int, np.flatnonzero(new)), column))
        outcomes, dates = outcomes.where(~new, name), dates.where(~new, texts)
    return table.with_column(OUTCOME, outcomes.astype("str")), twice


def _require(table: Table, columns: Mapping[str, str]) -> None:
    """Say which columns are not there, by the setting that names them.

    Raises
    ------
    DataError
        When any is not.
    """
    known = list(table.cells.columns)
    problems = [
        f"{table.path}: there is no column {column!r}{or_nearest(column, known)}; name the file's own column under"
        f" history.columns.{place}"
        for place, column in columns.items()
        if column not in known
    ]
    if problems:
        raise DataError(problems)


def _as_text(column: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = column.dt.strftime("%Y-%m-%d %H:%M:%S")
    return column.astype("str").where(column.notna(), "").map(normalise).astype("str")
