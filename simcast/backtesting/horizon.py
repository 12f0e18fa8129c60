"""How far each forecast of a backtest reaches: whole months where the scenario's does, else as many days."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from simcast.scenario import Scenario
from simcast.scenario.horizon import last_day


@dataclass(frozen=True)
class Horizon:
    """A horizon that can begin on any day.

    Parameters
    ----------
    n_months
        How many months it has; 0 when it is no whole number of them.
    n_days
        How many days the scenario forecasts; each forecast has as many when `n_months` is 0.
    """

    n_months: int
    n_days: int

    @classmethod
    def of(cls, scenario: Scenario) -> Horizon:
        """Return the horizon of a scenario's forecast."""
        asked, end = scenario.forecast, scenario.forecast.end
        n_months = (end.year - asked.as_of.year) * 12 + end.month - asked.as_of.month
        whole = n_months > 0 and last_day(asked.as_of, f"{n_months} months") == asked.until
        return cls(n_months if whole else 0, asked.days)

    def until(self, as_of: date) -> date:
        """Return the last day of a forecast from a day."""
        if self.n_months:
            return last_day(as_of, f"{self.n_months} months")
        return as_of + timedelta(days=self.n_days - 1)

    def end(self, as_of: np.datetime64) -> np.datetime64:
        """Return the first day after a forecast from a day."""
        return np.datetime64(self.until(_date(as_of)), "D") + np.timedelta64(1, "D")

    def before(self, day: np.datetime64) -> np.datetime64:
        """Return the day one horizon earlier."""
        if self.n_months:
            return months_before(day, self.n_months)
        return day - np.timedelta64(self.n_days, "D")


def months_before(day: np.datetime64, n_months: int) -> np.datetime64:
    """Return the same day of the month some months earlier, or that month's last one.

    Examples
    --------
    >>> import numpy as np
    >>> str(months_before(np.datetime64("2026-03-31"), 1))
    '2026-02-28'
    """
    moment = _date(day)
    year, month = divmod(moment.year * 12 + moment.month - 1 - n_months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return np.datetime64(date(year, month + 1, min(moment.day, last)), "D")


def _date(day: np.datetime64) -> date:
    return date.fromisoformat(str(day.astype("datetime64[D]")))
