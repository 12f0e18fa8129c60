"""Operational time: a clock gives each day of the horizon a weight, and stays end when so much of it has passed.

A clock is the running sum of its weights at the beginning of each day, linear within a day. Beyond the horizon every
day weighs 1. Where ends that fall on days without any are recorded on the next one, part of what that day weighs is
theirs, and has passed already for a stay that begins on it: its opening. Each stage and slot has a clock or none;
weights average 1 over a year, so that days stay days. Where months are good or bad, each future winds its clocks by its
own.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.block import InPlay, unsigned, whole
from simcast.engine.inner import inner
from simcast.engine.layout import NOWHERE, KernelPlan

_AS_IT_IS = -1.0
"""Instead of a clock's reading: the end stays where it is."""


@njit(inline="always")
def reading(passed: NDArray[np.float64], instant: float) -> float:
    """Return what a clock reads at an instant, in operational days from the as-of date.

    Parameters
    ----------
    passed
        (horizon_days + 1,): operational days passed by the beginning of each day, the first 0.
    instant
        Days from the as-of date, not before it.
    """
    last = len(passed) - 1
    if instant >= last:
        return float(passed[last] + (instant - last))
    day = int(np.int64(instant))
    return float(passed[day] + (instant - day) * (passed[day + 1] - passed[day]))


@njit(inline="always")
def begun(passed: NDArray[np.float64], opening: NDArray[np.float64], instant: float) -> float:
    """Return what a clock reads for a stay that begins at an instant, the day's opening having passed.

    Parameters
    ----------
    passed, instant
        As for `reading`.
    opening
        (horizon_days,): the part of each day's weight that is of what ended on the days before.
    """
    last = len(passed) - 1
    if instant >= last:
        return float(passed[last] + (instant - last))
    day = int(np.int64(instant))
    part = opening[day] + (instant - day) * (1.0 - opening[day])
    return float(passed[day] + part * (passed[day + 1] - passed[day]))


@njit(inline="always")
def instant_of(passed: NDArray[np.float64], from_day: NDArray[np.int64], wanted: float) -> float:
    """Return the instant from which on a clock reads more than `wanted`: `reading` turned round.

    Days of no weight are passed over: an end that would fall on one falls on the beginning of the next that has any.

    Parameters
    ----------
    passed
        As for `reading`.
    from_day
        The day on which the clock passes each whole number, see `first_days`: where the search begins.
    wanted
        Operational days from the as-of date, not below 0.
    """
    # Which ends the horizon cuts off, and how many days are passed over, cannot be foreseen: three days are added
    # without a branch, and the loop is seldom entered. Beyond the horizon a day is found too, perhaps divided by zero
    # (callers divide as NumPy does), and not used.
    last, next_day = unsigned(len(passed) - 1), unsigned(1)
    beyond = wanted - passed[last]
    within = wanted if beyond < 0.0 else -1.0
    day = unsigned(from_day[min(whole(max(within, 0.0)), unsigned(len(from_day) - 1))])
    day += unsigned(passed[day + next_day] <= within)
    day += unsigned(passed[day + next_day] <= within)
    day += unsigned(passed[day + next_day] <= within)
    while passed[day + next_day] <= within:
        day += next_day
    instant = _as_float(day) + (within - passed[day]) / (passed[day + next_day] - passed[day])
    return float(instant if beyond < 0.0 else _as_float(last) + beyond)


@njit(inline="always")
def _as_float(day: int) -> float:
    """Return a day as a float; signed first, which is one instruction."""
    return float(np.int64(day))


@njit(inline="always")
def end_on_clock(
    passed: NDArray[np.float64],
    opening: NDArray[np.float64],
    from_day: NDArray[np.int64],
    enters_on: float,
    leaves_on: float,
    by_day: bool,
    is_open: bool,
) -> float:
    """Return when a stay ends that would end at `leaves_on` if all days weighed 1.

    Parameters
    ----------
    passed, opening, from_day
        The clock, as for `begun` and `instant_of`.
    enters_on, leaves_on
        Days from the as-of date.
    by_day
        Whether the days count from the beginning of the day of entry (hazards). A stay that ends on that day still
        does, unless all of the day is opening: then it ends when half a day has passed. Later ends are counted from the
        noon of the day, since the hours of entry and end are not known.
    is_open
        Whether it began earlier, and these are what is left of its days.
    """
    wanted = _reading_at_end(passed, opening, enters_on, leaves_on, by_day, is_open)
    return leaves_on if wanted < 0.0 else max(instant_of(passed, from_day, wanted), enters_on)


@njit(inline="always")
def _reading_at_end(
    passed: NDArray[np.float64],
    opening: NDArray[np.float64],
    enters_on: float,
    leaves_on: float,
    by_day: bool,
    is_open: bool,
) -> float:
    """Return what the clock reads when such a stay ends, or `_AS_IT_IS`."""
    if is_open:
        return reading(passed, enters_on) + (leaves_on - enters_on)
    if not by_day:
        return begun(passed, opening, enters_on) + (leaves_on - enters_on)
    day = math.floor(enters_on)
    if leaves_on < day + 1.0:
        if not day < len(opening) or opening[whole(day)] < 1.0:
            return _AS_IT_IS
        leaves_on = day + 1.0
    return begun(passed, opening, day + 0.5) + (leaves_on - day - 0.5)


@inner
def wind_clocks(plan: KernelPlan, future: int, passed: NDArray[np.float64], from_day: NDArray[np.int64]) -> None:
    """Write what a future's clocks read, whose months are quick or slow, as `reading` and `instant_of` look at it."""
    for clock in range(passed.shape[0]):
        whole = 0
        for day in range(plan.horizon_days):
            weight = plan.clock_passed[clock, day + 1] - plan.clock_passed[clock, day]
            passed[clock, day + 1] = passed[clock, day] + weight * plan.month_speed[plan.month_of_day[day], future]
            while whole < from_day.shape[1] and whole < passed[clock, day + 1]:
                from_day[clock, whole] = day
                whole += 1


@inner
def run_clocks(
    plan: KernelPlan,
    clock_passed: NDArray[np.float64],
    clock_from_day: NDArray[np.int64],
    in_play: InPlay,
    n: int,
    is_open: bool,
) -> None:
    """Put the ends of a block's stays where their clocks put them; open deals' rests count from the as-of date."""
    clock_of, wanted = in_play.cell, in_play.u_first  # neither is needed any more
    for i in range(unsigned(n)):
        stage, slot = in_play.stage[i], in_play.slot[i]
        clock = plan.clock_of[stage, slot]
        wanted[i] = _AS_IT_IS
        if clock != NOWHERE:
            clock_of[i] = np.uint32(clock)
            wanted[i] = _reading_at_end(
                clock_passed[unsigned(clock)],
                plan.clock_opening[unsigned(clock)],
                in_play.enters_on[i],
                in_play.leaves_on[i],
                plan.hazard_row[stage] != NOWHERE,
                is_open,
            )
    for i in range(unsigned(n)):
        if wanted[i] >= 0.0:
            clock = clock_of[i]
            ends = instant_of(clock_passed[clock], clock_from_day[clock], wanted[i])
            in_play.leaves_on[i] = max(ends, in_play.enters_on[i])


@njit(inline="always")
def put_off(
    clock: int,
    clock_passed: NDArray[np.float64],
    clock_opening: NDArray[np.float64],
    clock_from_day: NDArray[np.int64],
    enters_on: float,
    leaves_on: float,
    begins_on: float,
    is_open: bool,
) -> float:
    """Return when a stay ends that begins later than it entered, as long in operational days as it would have been.

    Parameters
    ----------
    clock
        That of the stay and the move that ends it, or NOWHERE.
    clock_passed, clock_opening, clock_from_day
        The future's clocks.
    enters_on, leaves_on
        Days from the as-of date, on the clock already.
    begins_on
        When it really begins.
    is_open
        Whether it entered before the as-of date.
    """
    if clock == NOWHERE:
        return begins_on + (leaves_on - enters_on)
    passed, opening = clock_passed[clock], clock_opening[clock]
    entered = reading(passed, enters_on) if is_open else begun(passed, opening, enters_on)
    days = reading(passed, leaves_on) - entered
    ends: float = instant_of(passed, clock_from_day[clock], begun(passed, opening, begins_on) + days)
    return max(ends, begins_on)


def first_days(passed: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the day on which each clock passes 0, 1, 2, ... operational days: int64, (n_clocks, n_wholes).

    Parameters
    ----------
    passed
        float64, (n_clocks, horizon_days + 1).

    Examples
    --------
    >>> first_days(np.array([[0.0, 0.5, 2.5, 2.5, 4.0]])).tolist()
    [[0, 1, 1, 3, 3]]
    """
    n_days = passed.shape[1] - 1
    wholes = np.arange(math.ceil(np.max(passed, initial=0.0)) + 1)
    found = np.array([np.searchsorted(row, wholes, side="right") - 1 for row in passed], dtype=np.int64)
    days: NDArray[np.int64] = np.minimum(found.reshape(len(passed), wholes.size), n_days - 1)
    return days
