"""A table of stays that somebody made, checked cell by cell before a history is built of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.arguments import check_kind, nearest
from simcast.errors import DataArgumentError
from simcast.history.parsing import NO_DAY, amount_rule, parse_day
from simcast.history.responses import RESPONSE_COLUMNS
from simcast.money import MOST_AMOUNT
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


def words_of(stays: pd.DataFrame, name: str) -> pd.Series:
    """Return a column of ids or names as text, missing where it is empty; whole floats are whole numbers."""
    column = stays[name].reset_index(drop=True)
    if column.dtype.kind == "f" and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    text = column.astype("str")
    return text.where(text != "")


def dates_of(stays: pd.DataFrame, name: str) -> NDArray[np.datetime64]:
    """Return a column of dates, datetime64[us], (n_stays,), NaT where it is empty.

    Raises
    ------
    DataArgumentError
        When one is no date of the local calendar, with its row.
    """
    column = stays[name]
    arrow = getattr(column.dtype, "pyarrow_dtype", None)
    if getattr(column.dtype, "tz", None) is not None or getattr(arrow, "tz", None) is not None:
        raise DataArgumentError(
            f"stays.{name}: has a time zone ({column.dtype}); give local calendar days (dt.tz_localize(None))"
        )
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "M":
        return column.to_numpy().astype(_DATES)
    if column.dtype.kind in "iuf" and column.notna().any():
        raise DataArgumentError(
            f"stays.{name}: holds numbers, such as {column.dropna().iloc[0]}; write dates (pd.to_datetime)"
        )
    codes, values = pd.factorize(column)
    dates = [_date(value) for value in values]
    for code, date in enumerate(dates):
        if date is None:
            row = int(np.argmax(codes == code))
            raise DataArgumentError(
                f"stays.{name}: row {row}: {values[code]!r} is no date; write YYYY-MM-DD, or dates (pd.to_datetime)"
            )
    return np.array([*dates, np.datetime64("NaT", "us")], dtype=_DATES)[codes]  # -1, an empty cell, takes the last


def _date(value: object) -> np.datetime64 | None:
    """Return a moment of the local calendar, NaT for a text without letters; None where it is neither."""
    if isinstance(value, str):
        day, second, rule = parse_day(value.strip()) if value.strip() else (NO_DAY, 0, "")
        return None if rule else np.datetime64(day, "D") + np.timedelta64(second, "s")
    if isinstance(value, int | float | np.number) or getattr(value, "tzinfo", None) is not None:
        return None
    try:
        moment: np.datetime64 = np.array([value], dtype=object).astype(_DATES)[0]
    except (ValueError, TypeError):
        return None
    return moment


def amounts_of(stays: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Return a column of amounts, float64, (n_stays,), NaN where there is none.

    Raises
    ------
    DataArgumentError
        When one is no number, or none that an amount can be, with its row.
    """
    if name not in stays.columns:
        return np.full(len(stays), np.nan)
    column = stays[name]
    if column.dtype.kind == "b":
        raise DataArgumentError(f"stays.{name}: holds truth values; an amount is a number")
    try:
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError):
        numbers = pd.to_numeric(column, errors="coerce")
        row = int(np.argmax((numbers.isna() & column.notna()).to_numpy()))
        raise DataArgumentError(f"stays.{name}: row {row}: {column.iloc[row]!r} is no number") from None
    for row in np.flatnonzero((values < 0) | (values > MOST_AMOUNT))[:1]:
        raise DataArgumentError(f"stays.{name}: row {row}: {values[row]:g}: {amount_rule(float(values[row]))}")
    return values


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
        *(
            f"stays.{name}: is missing in {counted(int(stays[name].isna().sum()), 'row')}"
            for name in ("deal", "stage")
            if stays[name].isna().any()
        ),
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
    """Yield the values that are none of those known."""
    for name in column.dropna().unique():
        if name not in known:
            yield f"stays.{column.name}: there is no {what} {name!r}; {nearest(name, known)}"
