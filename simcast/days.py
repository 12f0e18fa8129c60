"""Dates as numbers of days, their weekdays and their calendar periods."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Days = NDArray[np.datetime64] | Ints
"""Dates, or days since 1970-01-01."""

Period = Literal["day", "week", "month", "quarter"]
PERIODS: tuple[Period, ...] = get_args(Period)
"""The calendar periods, the finest first."""

DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12

WRITTEN_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""How a day is written; `date.fromisoformat` alone also takes weeks, such as 2026-W27-1."""

_MONDAY_OFFSET = 3
"""1970-01-01 was a Thursday: three days on, a week has passed since a Monday."""


def is_day(text: str) -> bool:
    """Whether a text is a day of the calendar, written as YYYY-MM-DD.

    Examples
    --------
    >>> is_day("2026-07-01"), is_day("2026-02-30"), is_day("2026-W27-1")
    (True, False, False)
    """
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return WRITTEN_DAY.fullmatch(text) is not None


def coarser(period: Period) -> tuple[Period, ...]:
    """Return a period and those that are made of whole ones of it; weeks make no months.

    Examples
    --------
    >>> coarser("month"), coarser("week")
    (('month', 'quarter'), ('week',))
    """
    return ("week",) if period == "week" else PERIODS[PERIODS.index(period) :]


def day_numbers(dates: Days) -> Ints:
    """Return days since 1970-01-01; a large negative number for a missing date.

    Examples
    --------
    >>> day_numbers(np.array(["1970-01-02T23:00", "2026-12-06"], dtype="datetime64[s]"))
    array([    1, 20793])
    """
    return dates.astype("datetime64[D]").astype(np.int64)


def day_number(date: np.datetime64) -> int:
    """Return how many days a date lies after 1970-01-01.

    Examples
    --------
    >>> day_number(np.datetime64("1970-01-02"))
    1
    """
    return int(date.astype("datetime64[D]").astype(np.int64))


def weekday_of(days: Days) -> Ints:
    """Return the weekday of each day, 0 for Monday.

    Examples
    --------
    >>> weekday_of(np.array(["2026-11-30", "2026-12-06"], dtype="datetime64[D]"))
    array([0, 6])
    """
    weekdays: Ints = (day_numbers(days) + _MONDAY_OFFSET) % 7
    return weekdays


def month_of(days: Days) -> Ints:
    """Return the month that each day lies in, counted from January 1970.

    Examples
    --------
    >>> month_of(np.array(["1970-01-31", "1971-02-01"], dtype="datetime64[D]"))
    array([ 0, 13])
    """
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def quarter_of(days: Days) -> Ints:
    """Return the quarter that each day lies in, counted from the first of 1970."""
    quarters: Ints = month_of(days) // 3
    return quarters


def period_number(days: Days, period: Period) -> Ints:
    """Return the calendar period that each day lies in, counted from 1970; weeks begin on Monday.

    Examples
    --------
    >>> period_number(np.array(["2026-03-31", "2026-04-01"], dtype="datetime64[D]"), "quarter")
    array([224, 225])
    """
    if period == "day":
        return day_numbers(days)
    if period == "week":
        weeks: Ints = (day_numbers(days) + _MONDAY_OFFSET) // 7
        return weeks
    return quarter_of(days) if period == "quarter" else month_of(days)
