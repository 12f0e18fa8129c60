"""The days of a forecast and the periods they are cut into."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simcast.days import Period, period_number, weekday_of

_ONE_DAY = np.timedelta64(1, "D")


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
        return weekday_of(self.days)
