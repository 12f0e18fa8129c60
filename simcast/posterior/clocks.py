"""Clocks: what the days of the calendar weigh for the stays of a stage that end by a move.

A weight is a product: of the weekday, the month of the quarter, and how many days of the quarter are left, each 1
where the calendar is of no account, and on holidays of one factor more. Weights average 1 over the years, so that
operational days are as long as days on average.

Where nothing ends on a weekday, or little, what would have may be recorded on the next: that day then weighs more than
the others, and what it weighs more is its opening. It is of stays that had begun before, and not of those that begin on
the day. A day on which all but nothing ends is all opening: what is due on it is put off whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simcast.days import day_numbers, month_of, weekday_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import xarray as xr

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

QUARTER_DAYS = 92
"""The longest quarter has so many days."""

_CYCLE = np.arange(11_000, 11_000 + 28 * 365 + 7)
"""Days of 28 years, in which weekdays meet dates in all ways: what weights average over."""

_LITTLE, _NOTHING = 0.5, 0.1
"""Little, or all but nothing, ends on days that weigh less than this share of the usual."""

CLOCK_VARIABLES = ("clock_weekday", "clock_month", "clock_days_left", "clock_holiday")
OPENING = "clock_opening"
AGES = "clock_ages"
AGES_OF_QUARTER, AGES_OF_CLOCK = 1.0, 2.0
"""What ages run on, unless they are days of the calendar: the clock with all days of a week alike, or all of it."""


def _no_days() -> Ints:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Clock:
    """The weights of days.

    Parameters
    ----------
    weekday : float64, (7,)
        Monday first.
    month : float64, (3,)
        By month of the quarter.
    days_left : float64, (92,)
        By the days of the quarter that follow, 0 on its last day.
    holidays : int64, (n_holidays,)
        Days since 1970-01-01.
    holiday
        What holidays weigh besides.
    opening : float64, (7,)
        The part of each weekday's weight that is not of stays which begin on it, Monday first.

    Examples
    --------
    >>> Clock().weights(np.array([20_000])).tolist()
    [1.0]
    """

    weekday: Floats = field(default_factory=lambda: np.ones(7))
    month: Floats = field(default_factory=lambda: np.ones(3))
    days_left: Floats = field(default_factory=lambda: np.ones(QUARTER_DAYS))
    holidays: Ints = field(default_factory=_no_days)
    holiday: float = 1.0
    opening: Floats = field(default_factory=lambda: np.zeros(7))

    @property
    def is_plain(self) -> bool:
        """Whether all days weigh 1."""
        flat = all(np.all(part == 1.0) for part in (self.weekday, self.month, self.days_left))
        return flat and (self.holiday == 1.0 or not self.holidays.size)

    @property
    def of_quarter(self) -> Clock:
        """The clock with all days of a week alike: what ages are told by, since whole weeks weigh the same."""
        return replace(self, weekday=np.ones(7), opening=np.zeros(7))

    def of_ages(self, ages: float) -> Clock:
        """Return what ages run on: all of it, all but the weekdays, or days of the calendar."""
        if ages == AGES_OF_CLOCK:
            return self
        return self.of_quarter if ages else Clock()

    def weights(self, days: Ints) -> Floats:
        """Return what days weigh, counted since 1970-01-01: float64, like `days`."""
        place = position_in_quarter(days)
        weight: Floats = self.weekday[weekday_of(days)] * self.month[place[0]] * self.days_left[place[1]]
        return np.where(np.isin(days, self.holidays), weight * self.holiday, weight)

    @property
    def puts_all_off(self) -> NDArray[np.bool_]:
        """On which weekdays all but nothing ends, what is due being put off to one with an opening: bool, (7,)."""
        put_off = np.zeros(7, dtype=np.bool_)
        for day, shares in enumerate(put_off_shares(self.weekday)):
            put_off[day - np.flatnonzero(shares[1:] > 0.0) - 1] |= self.opening[day] > 0.0
        return put_off & (self.weekday < _NOTHING * usual_weight(self.weekday))

    def openings(self, days: Ints) -> Floats:
        """Return the part of what days weigh that is not of stays which begin on them: float64, like `days`."""
        found: Floats = self.opening[weekday_of(days)]
        return found

    def waiting(self, day: int) -> float:
        """Return how many operational days of ends are yet to be recorded when a day begins.

        Examples
        --------
        >>> week = np.array([3.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0])
        >>> clock = Clock(weekday=week, opening=1.0 - put_off_shares(week)[:, 0])
        >>> monday = int(np.datetime64("2026-11-30").astype(int))
        >>> [round(clock.waiting(day), 3) for day in range(monday - 2, monday + 2)]
        [0.0, 1.0, 2.0, 0.0]
        """
        shares = put_off_shares(self.weekday)
        found = 0.0
        for ahead in range(6):
            weekday = int(weekday_of(np.array(day + ahead)))
            if self.opening[weekday] > 0.0:
                found += float(self.weekday[weekday] * shares[weekday, ahead + 1 :].sum())
        return found

    def normalised(self) -> Clock:
        """Return the clock with weights that average 1, holidays not counted."""
        weekday, month = self.weekday / self.weekday.mean(), self.month / self.month.mean()
        scaled = replace(self, weekday=weekday, month=month, holidays=_no_days())
        return replace(scaled, days_left=self.days_left / scaled.weights(_CYCLE).mean(), holidays=self.holidays)


def usual_weight(weekday: Floats) -> float:
    """Return what a weekday weighs as a rule: the median, or 1 where on most of them little ends."""
    return max(1.0, float(np.median(weekday)))


def put_off_shares(weekday: Floats) -> Floats:
    """Return how the ends on each weekday divide into those due then, and on each of six days before: (7, 7).

    If hazards are the same at all ages. Ends are put off from days on which little ends, no more of them than these
    days weigh less than usual, and as far as the day itself weighs more.

    Examples
    --------
    >>> put_off_shares(np.array([3.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]))[:2].round(3).tolist()
    [[0.333, 0.333, 0.333, 0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    >>> put_off_shares(np.array([1.4, 1.4, 1.4, 1.4, 1.4, 0.0, 0.0]))[0].tolist()
    [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    usual = usual_weight(weekday)
    shares = np.zeros((7, 7))
    for day, weight in enumerate(weekday):
        for before in range(1, 7):
            less = usual - weekday[day - before]
            if less <= (1.0 - _LITTLE) * usual:
                break
            shares[day, before] = less
        waiting = float(shares[day].sum())
        put_off = min(max(weight - usual, 0.0), waiting) / max(weight, 1e-12)
        shares[day] *= put_off / waiting if waiting > 0.0 else 0.0
        shares[day, 0] = 1.0 - put_off
    return shares


def position_in_quarter(days: Ints) -> tuple[Ints, Ints]:
    """Return the month of the quarter of each day, 0 to 2, and how many days of the quarter follow it.

    Examples
    --------
    >>> position_in_quarter(day_numbers(np.array(["2026-03-31", "2026-07-01"], dtype="datetime64[D]")))
    (array([2, 0]), array([ 0, 91]))
    """
    month = month_of(days)
    next_quarter = day_numbers(((month // 3 + 1) * 3).astype("datetime64[M]"))
    return month % 3, next_quarter - 1 - days


@dataclass(frozen=True, eq=False)
class Passed:
    """Operational time laid out over a run of days; days beyond it on either side weigh 1.

    Parameters
    ----------
    first_day
        Days since 1970-01-01.
    passed : float64, (n_days + 1,)
        Operational days passed by the beginning of each day, 0 on the first.
    opening : float64, (n_days,)
        The part of each day's weight that has passed for stays which begin on it.
    """

    first_day: int
    passed: Floats
    opening: Floats

    @classmethod
    def of(cls, weights: Floats, first_day: int, opening: Floats | None = None) -> Passed:
        """Add up the weights of consecutive days; none has an opening unless given."""
        passed = np.concatenate([[0.0], np.cumsum(weights)])
        return cls(first_day, passed, np.zeros(weights.size) if opening is None else opening)

    def at(self, instant: NDArray[np.floating[Any]]) -> Floats:
        """Return the operational days passed by each instant, in days since 1970-01-01."""
        inside = instant - self.first_day
        last = self.passed.size - 1
        read = np.interp(inside, np.arange(last + 1), self.passed)
        passed: Floats = read + np.minimum(inside, 0.0) + np.maximum(inside - last, 0.0)
        return passed

    def begun(self, instant: NDArray[np.floating[Any]]) -> Floats:
        """Return the operational days passed by each instant for a stay that begins then."""
        day = np.floor(instant).astype(np.int64)
        inside = np.clip(day - self.first_day, 0, self.opening.size - 1)
        known = (day >= self.first_day) & (day < self.first_day + self.opening.size)
        rest = np.where(known, self.opening[inside] * (1.0 - (instant - day)), 0.0)
        begun: Floats = self.at(instant) + rest * (self.passed[inside + 1] - self.passed[inside])
        return begun

    def instant(self, passed: Floats) -> Floats:
        """Return the instants by which so many operational days have passed; the end of days of no weight."""
        last = self.passed.size - 1
        day = np.clip(np.searchsorted(self.passed, passed, side="right") - 1, 0, last - 1)
        width = self.passed[day + 1] - self.passed[day]
        within = np.clip((passed - self.passed[day]) / np.where(width > 0.0, width, 1.0), 0.0, 1.0)
        beyond = np.minimum(passed, 0.0) + np.maximum(passed - self.passed[-1], 0.0)
        found: Floats = self.first_day + day + within + beyond
        return found


def clock_of(draws: xr.Dataset, stage: str, move: str) -> Clock | None:
    """Return the clock of a stage's move; None where all days weigh 1."""
    if not any(name in draws for name in CLOCK_VARIABLES):
        return None
    here = draws.sel(stage=stage, move=move)
    parts: dict[str, Floats] = {
        name: here[variable].to_numpy().astype(np.float64)
        for name, variable in (("weekday", "clock_weekday"), ("month", "clock_month"), ("days_left", "clock_days_left"))
        if variable in here
    }
    dates = str(draws.attrs.get("holidays", "")).split()
    holidays = day_numbers(np.array(dates, dtype="datetime64[D]"))
    weight = float(here["clock_holiday"]) if "clock_holiday" in here else 1.0
    if OPENING in here:
        parts["opening"] = here[OPENING].to_numpy().astype(np.float64)
    clock = Clock(**parts, holidays=holidays, holiday=weight)
    return None if clock.is_plain else clock


def clocks_of_ages(draws: xr.Dataset, stage: str, moves: Sequence[str]) -> list[Clock | None] | None:
    """Return what the ages of a stage's stays run on, by move; None where they are days of the calendar."""
    runs_on = float(draws[AGES].sel(stage=stage)) if AGES in draws else 0.0
    if not runs_on:
        return None
    clocks = [clock_of(draws, stage, move) for move in moves]
    return [None if clock is None else clock.of_ages(runs_on) for clock in clocks]


def weights_of(clocks: Sequence[Clock | None], days: Ints) -> Floats:
    """Return what days weigh on each of several clocks: float64, (n_clocks, n_days)."""
    weights: Floats = np.array([np.ones(days.size) if one is None else one.weights(days) for one in clocks])
    return weights


def mean_weights(weights: Floats, shares: Floats) -> Floats:
    """Return the mean of several clocks' weights, (n_clocks, n_days), by how often each comes: of an open stay."""
    mean: Floats = shares @ weights / shares.sum() if shares.sum() > 0.0 else weights.mean(axis=0)
    return mean


def days_waiting(clocks: Sequence[Clock | None], shares: Floats, day: int) -> int:
    """Return how many of an open stay's last days tell nothing when a day begins: ends on them wait to be recorded.

    Parameters
    ----------
    clocks
        Of the moves that may end it.
    shares
        float64, (n_clocks,): how often each comes.
    day
        Since 1970-01-01.
    """
    waiting = np.array([[0.0 if clock is None else clock.waiting(day)] for clock in clocks])
    return int(np.rint(mean_weights(waiting, shares)[0]))


def clock_problems(draws: xr.Dataset) -> Iterator[str]:
    """Yield what is wrong with the clocks of a posterior, where it has any."""
    for name in CLOCK_VARIABLES:
        if name in draws:
            values = draws[name].to_numpy()
            if not np.all(np.isfinite(values) & (values >= 0.0)):
                yield f"posterior.{name}: must be finite and at least 0"
    if OPENING in draws:
        values = draws[OPENING].to_numpy()
        if not np.all((values >= 0.0) & (values <= 1.0)):
            yield f"posterior.{OPENING}: must be from 0 to 1"
    for name, size in (("clock_month", 3), ("clock_days_left", QUARTER_DAYS)):
        if name in draws and draws[name].shape[-1] != size:
            yield f"posterior.{name}: has {draws[name].shape[-1]} weights, needs {size}"
