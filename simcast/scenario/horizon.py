"""Horizons in words: how far a forecast reaches from its as-of date."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

MAX_YEARS = 20

_HORIZON = re.compile(r"(\d{1,5}) *(day|week|month|quarter|year)s?")
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def last_day(as_of: date, horizon: str) -> date:
    """Return the last day of a horizon, by the calendar.

    Parameters
    ----------
    as_of
        The first day forecast.
    horizon
        A whole number of days, weeks, months, quarters or years, such as ``"1 quarter"``.

    Raises
    ------
    ValueError
        When the words are not a horizon, or reach beyond `MAX_YEARS`.

    Examples
    --------
    >>> last_day(date(2026, 7, 1), "1 quarter")
    datetime.date(2026, 9, 30)
    >>> last_day(date(2026, 1, 31), "1 month")
    datetime.date(2026, 2, 27)
    """
    count, unit = split(horizon)
    if unit not in _MONTHS:
        days = count * (7 if unit == "week" else 1)
        if days > MAX_YEARS * 366:
            raise ValueError(f"must be at most {MAX_YEARS} years, got {horizon!r}")
        return as_of + timedelta(days=days - 1)
    months = count * _MONTHS[unit]
    if months > MAX_YEARS * 12:
        raise ValueError(f"must be at most {MAX_YEARS} years, got {horizon!r}")
    year, month = divmod(as_of.year * 12 + as_of.month - 1 + months, 12)
    day = min(as_of.day, calendar.monthrange(year, month + 1)[1])
    return date(year, month + 1, day) - timedelta(days=1)


def split(horizon: str) -> tuple[int, str]:
    """Split a horizon into a count and a unit; `ValueError` when it is not one."""
    found = _HORIZON.fullmatch(horizon.strip())
    if found is None or int(found[1]) == 0:
        raise ValueError(
            f"must be a number of days, weeks, months, quarters or years, such as '1 quarter', got {horizon!r}"
        )
    return int(found[1]), found[2]
