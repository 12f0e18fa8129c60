"""A table of stays that somebody made, checked cell by cell before a history is built of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.arguments import check_kind, nearest
from simcast.errors import DataArgumentError
from simcast.history.responses import RESPONSE_COLUMNS
from simcast.pipeline import Pipeline
from simcast.writing import counted

_DATES: Literal["datetime64[us]"] = "datetime64[us]"


def check_tables(pipeline: Pipeline, stays: pd.DataFrame, columns: Sequence[str], responses: object) -> None:
    """Refuse what is no pipeline or no table, and tables that lack columns.

    Raises
    ------
    ArgumentTypeError
        When the kinds are others.
    DataArgumentError
        When columns are missing, each with the nearest that is there.
    """
    check_kind(pipeline, Pipeline, "pipeline", "Pipeline.define(['lead', ...]) makes one of the names of stages")
    check_kind(stays, pd.DataFrame, "stays", "a table with a row per stay")
    problems = list(_missing("stays", stays, columns))
    if responses is not None:
        check_kind(responses, pd.DataFrame, "responses", "a table with a row per first contact")
        problems += _missing("responses", responses, RESPONSE_COLUMNS)
    if problems:
        raise DataArgumentError(problems)


def _missing(place: str, table: object, needed: Iterable[str]) -> Iterator[str]:
    """Yield which columns are missing."""
    there = [str(name) for name in getattr(table, "columns", ())]
    for name in needed:
        if name not in there:
            yield f"{place}: there is no column {name!r}; {nearest(name, there)}"


def dates_of(stays: pd.DataFrame, name: str) -> NDArray[np.datetime64]:
    """Return a column of dates, datetime64[us], (n_stays,), NaT where it is empty.

    Raises
    ------
    DataArgumentError
        When one is no date of the local calendar, with its row.
    """
    column = stays[name]
    if getattr(column.dtype, "tz", None) is not None:
        raise DataArgumentError(
            f"stays.{name}: has a time zone ({column.dtype}); give local calendar days (dt.tz_localize(None))"
        )
    if column.dtype.kind == "M":
        return column.to_numpy().astype(_DATES)
    if column.dtype.kind in "iuf" and column.notna().any():
        raise DataArgumentError(
            f"stays.{name}: holds numbers, such as {column.dropna().iloc[0]}; write dates (pd.to_datetime)"
        )
    try:
        return column.to_numpy(dtype=object).astype(_DATES)
    except (ValueError, TypeError):
        row = next(row for row, value in enumerate(column) if not _is_date(value))
        raise DataArgumentError(
            f"stays.{name}: row {row}: {column.iloc[row]!r} is no date; write YYYY-MM-DD, or dates (pd.to_datetime)"
        ) from None


def _is_date(value: object) -> bool:
    try:
        np.array([value], dtype=object).astype(_DATES)
    except (ValueError, TypeError):
        return False
    return True


def amounts_of(stays: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Return a column of amounts, float64, (n_stays,), NaN where there is none.

    Raises
    ------
    DataArgumentError
        When one is no number, with its row.
    """
    if name not in stays.columns:
        return np.full(len(stays), np.nan)
    try:
        return stays[name].to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError):
        numbers = pd.to_numeric(stays[name], errors="coerce")
        row = int(np.argmax((numbers.isna() & stays[name].notna()).to_numpy()))
        raise DataArgumentError(f"stays.{name}: row {row}: {stays[name].iloc[row]!r} is no number") from None


def check_stays(pipeline: Pipeline, stays: pd.DataFrame) -> None:
    """Refuse stays that no deal of the pipeline can have: unknown names, and dates that do not fit.

    Parameters
    ----------
    pipeline
        What the stages and moves are looked up in; that a path is possible is not checked.
    stays
        The table of a `History`.

    Raises
    ------
    DataArgumentError
        With one line per problem, and the first row that has it.
    """
    problems = [
        *_unknown(stays["stage"], pipeline.stages, "stage"),
        *_unknown(stays["move"], (*pipeline.stages, *pipeline.outcomes), "stage or outcome"),
    ]
    entered, left, move = stays["entered"], stays["left"], stays["move"]
    faults = {
        "entered: is missing; each stay has a first day": entered.isna(),
        "left: is before entered": left < entered,
        "left: is missing, though the stay ended in a move": left.isna() & move.notna(),
        "move: is missing, though the stay ended; leave both empty while it is open": left.notna() & move.isna(),
    }
    for fault, rows in faults.items():
        if rows.any():
            deal = stays["deal"].iloc[int(np.argmax(rows.to_numpy()))]
            problems.append(f"stays.{fault} ({counted(int(rows.sum()), 'row')}, the first of deal {deal!r})")
    if problems:
        raise DataArgumentError(problems)


def _unknown(column: pd.Series, known: Sequence[str], what: str) -> Iterator[str]:
    """Yield the values that are none of those known; only a move may be missing."""
    for name in column.dropna().unique():
        if name not in known:
            yield f"stays.{column.name}: there is no {what} {name!r}; {nearest(name, known)}"
    if column.name == "stage" and column.isna().any():
        yield f"stays.stage: is missing in {counted(int(column.isna().sum()), 'row')}"
