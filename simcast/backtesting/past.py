"""What was known on an origin, and on the days before it: all that a baseline may use."""

from __future__ import annotations

import numpy as np

from simcast.analysis.actual import recorded_wins
from simcast.backtesting.horizon import Horizon, months_before
from simcast.history import History

Totals = dict[str, float]
"""Bookings and wins over some days, by the names of the metrics."""

MOST_EARLIER_DAYS = 12
"""From how many earlier days a baseline forecasts to learn its own errors."""

_LEAST_HISTORY_DAYS = 60
_ONE_DAY = np.timedelta64(1, "D")


class Past:
    """A history cut at an origin, which can be cut again at any earlier day.

    Parameters
    ----------
    known
        What was known at the origin.
    horizon
        How far forecasts reach.
    """

    def __init__(self, known: History, horizon: Horizon) -> None:
        self.origin = known.observed_until
        self.horizon = horizon
        self._known = known
        self._cuts: dict[np.datetime64, History] = {self.origin: known}
        wins = recorded_wins(known)
        self._win_days = wins["day"].to_numpy().astype("datetime64[D]")
        self._win_deals = wins["deal"].to_numpy(dtype=object)
        self._win_amounts = np.nan_to_num(wins["amount"].to_numpy(dtype=float))
        self.first_day = known.stays["entered"].min().to_datetime64().astype("datetime64[D]")
        self.first_win = self._win_days.min() if len(wins) else None

    def at(self, day: np.datetime64) -> History:
        """Return what was known at the start of a day no later than the origin."""
        if day > self.origin:
            raise ValueError(f"{day} lies after the origin {self.origin}: nothing may be known of it")
        if day not in self._cuts:
            self._cuts[day] = self._known.known_at(day)
        return self._cuts[day]

    def won(self, first: np.datetime64, end: np.datetime64) -> Totals:
        """Return what was won from one day on and before another, which is no later than the origin."""
        if end > self.origin:
            raise ValueError(f"{end} lies after the origin {self.origin}: nothing may be known of what was won then")
        inside = (self._win_days >= first) & (self._win_days < end)
        return {"bookings": float(self._win_amounts[inside].sum()), "wins": float(inside.sum())}

    def deals_won(self, first: np.datetime64, end: np.datetime64) -> set[str]:
        """Return which deals were won from one day on and before another, which is no later than the origin."""
        if end > self.origin:
            raise ValueError(f"{end} lies after the origin {self.origin}: nothing may be known of what was won then")
        return set(self._win_deals[(self._win_days >= first) & (self._win_days < end)])

    def knows_wins_from(self, day: np.datetime64) -> bool:
        """Return whether wins were on record on a day: records of ends may begin later than those of arrivals."""
        return self.first_win is not None and bool(day >= self.first_win.astype("datetime64[M]").astype(day.dtype))

    def earlier_days(self) -> list[np.datetime64]:
        """Return the days from which a forecast has come true by the origin, the latest first.

        They lie a month apart, or a third of a horizon that is no whole number of months.
        """
        step = np.timedelta64(max(self.horizon.n_days // 3, 1), "D")
        days: list[np.datetime64] = []
        day = self.horizon.before(self.origin)
        least = self.first_day + np.timedelta64(_LEAST_HISTORY_DAYS, "D")
        while day >= least and self.knows_wins_from(day) and len(days) < MOST_EARLIER_DAYS:
            if self.horizon.end(day) <= self.origin:
                days.append(day)
            day = months_before(day, 1) if self.horizon.n_months else day - step
        return days
