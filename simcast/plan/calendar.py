"""The days of a forecast and the periods they are cut into."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Period = Literal["day", "week", "month", "quarter"]

_ONE_DAY = np.timedelta64(1, "D")
_MONDAY_OFFSET = 3
"""Day 0 of datetime64 is a Thursday; three days on, a week begins."""


def period_number(days: NDArray[np.datetime64], period: Period) -> NDArray[np.int64]:
    """Return the calendar period that each day lies in, counted from 1970; weeks begin on Monday.

    Examples
    --------
    >>> import numpy as np
    >>> period_number(np.array(["2026-03-31", "2026-04-01"], dtype="datetime64[D]"), "quarter")
    array([224, 225])
    """
    if period == "day":
        return days.astype("datetime64[D]").astype(np.int64)
    if period == "week":
        return (days.astype("datetime64[D]").astype(np.int64) + _MONDAY_OFFSET) // 7
    months = days.astype("datetime64[M]").astype(np.int64)
    return months // 3 if period == "quarter" else months


@dataclass(frozen=True)
class ForecastDays:
    """The whole days from the as-of date to the last one forecast, cut into calendar periods.

    Parameters
    ----------
    as_of
        The first day, on whose start the forecast stands.
    until
        The last day, included.
    period
        The calendar period; the first and the last may be cut short.
    """

    as_of: np.datetime64
    until: np.datetime64
    period: Period

    @property
    def n_days(self) -> int:
        """How many days are forecast."""
        return int((self.until - self.as_of).astype(np.int64)) + 1

    @cached_property
    def days(self) -> NDArray[np.datetime64]:
        """Each day, datetime64[D], (n_days,)."""
        return np.arange(self.as_of, self.until + _ONE_DAY)

    @cached_property
    def period_of_day(self) -> NDArray[np.int64]:
        """The position of each day's period, int64, (n_days,)."""
        number = period_number(self.days, self.period)
        return np.cumsum(np.diff(number, prepend=number[0]) > 0).astype(np.int64)

    @cached_property
    def starts(self) -> NDArray[np.datetime64]:
        """The first day of each period, datetime64[D], (n_periods,)."""
        return self.days[np.searchsorted(self.period_of_day, np.arange(self.period_of_day[-1] + 1))]

    @cached_property
    def ends(self) -> NDArray[np.datetime64]:
        """The last day of each period, datetime64[D], (n_periods,)."""
        return np.append(self.starts[1:] - _ONE_DAY, self.until)

    @cached_property
    def weekday_of_day(self) -> NDArray[np.int64]:
        """The weekday of each day, Monday 0, int64, (n_days,)."""
        return weekdays_of(self.days)


def weekdays_of(days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return the weekday of each day, Monday 0."""
    found: NDArray[np.int64] = (days.astype("datetime64[D]").astype(np.int64) + _MONDAY_OFFSET) % 7
    return found
