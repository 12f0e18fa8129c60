"""One column of closing dates out of several: a table with a row per deal may have a column for each outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from simcast.errors import DataError
from simcast.history.nearest import or_nearest
from simcast.history.parsing import normalise
from simcast.history.table import Table


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
    problems = [
        f"{table.path}: there is no column {column!r}{or_nearest(column, list(table.cells.columns))}; name the file's"
        f" own column under {place}"
        for place, column in [
            ("history.columns.outcome", outcome),
            *((f"history.columns.closed.{name}", column) for name, column in columns.items()),
        ]
        if column not in table.cells.columns
    ]
    if problems:
        raise DataError(problems)
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
    return replace(table, cells=table.cells.assign(**{joined: dates.astype("str")})), joined


def _as_text(column: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = column.dt.strftime("%Y-%m-%d %H:%M:%S")
    return column.astype("str").where(column.notna(), "").map(normalise).astype("str")
