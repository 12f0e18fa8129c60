"""How long stays last that run on clocks: which days they begin and end on then matters, not only how many lie between.

A stay that begins in a step begins at a time spread evenly over it, and so at a reading spread evenly over what its
clock passes meanwhile, of the day's weight without its opening. For a family of days the mean survival is therefore a
difference of two areas under the survival function, over what passes: these areas are tabulated once. Hazards count
from the noon of the day of entry, as `simcast.engine.clock.end_on_clock` says; what ends on that day by the calendar
still does.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.clock import begun, reading
from simcast.engine.hazard import hazard_survival
from simcast.engine.inner import inner
from simcast.engine.layout import KernelPlan
from simcast.engine.tables import Tables

CELLS_PER_STEP = 4
"""Into how many cells the areas cut what passes in a step of weight 1."""

_LITTLE = 1e-6
"""A clock that passes less than this in a step stands still."""

_SAME = 1e-12
"""Readings that differ by less are one."""


class Readings(NamedTuple):
    """What clocks read at the edges of steps; row 0, of the clock NOWHERE, is for stays on none: days are days."""

    at: NDArray[np.float64]
    """(1 + n_clocks, n_steps + 1): operational days from the as-of date."""
    begin: NDArray[np.float64]
    """(1 + n_clocks, n_steps): for stays that begin with each step."""
    beginning: NDArray[np.float64]
    """(1 + n_clocks, n_steps): what clocks pass in each step for stays that begin in it."""
    noon: NDArray[np.float64]
    """(1 + n_clocks, n_days): for stays that begin in the middle of each day."""
    all_opening: NDArray[np.bool_]
    """(1 + n_clocks, n_days): whether no stay ends on the day on which it began."""


class Areas(NamedTuple):
    """The areas under the survival functions of stays on clocks, levers included, by cells of operational days."""

    cubic: NDArray[np.float64]
    """(n_stages, n_slots, n_cells, 4): the area up to a part of a cell, a polynomial; no cells where no clocks are."""
    cell: float
    """Operational days."""
    at_edges: NDArray[np.float64]
    """(n_stages, n_slots, n_steps + 1): up to the edges of steps, for stays that begin at `begun_at`."""
    begun_at: NDArray[np.float64]
    """(n_stages, n_slots): a reading; NaN where `at_edges` is not known."""


def room_for_readings(plan: KernelPlan, steps_per_day: int) -> Readings:
    """Allocate room for what clocks read; row 0 is filled in."""
    n_steps, n_rows = plan.horizon_days * steps_per_day, 1 + len(plan.clock_passed)
    at, noon = np.zeros((n_rows, n_steps + 1)), np.zeros((n_rows, plan.horizon_days))
    begin, beginning = np.zeros((n_rows, n_steps)), np.zeros((n_rows, n_steps))
    at[0], noon[0] = np.arange(n_steps + 1) / steps_per_day, np.arange(plan.horizon_days) + 0.5
    begin[0], beginning[0] = at[0, :-1], 1.0 / steps_per_day
    all_opening = np.zeros(noon.shape, dtype=np.bool_)
    all_opening[1:] = plan.clock_opening >= 1.0
    return Readings(at, begin, beginning, noon, all_opening)


@inner
def read_clocks(plan: KernelPlan, tables: Tables, readings: Readings) -> None:
    """Read the clocks of a future at the edges of all steps."""
    for clock in range(len(tables.clock_passed)):
        passed, opening = tables.clock_passed[clock], plan.clock_opening[clock]
        for edge in range(readings.at.shape[1]):
            readings.at[clock + 1, edge] = reading(passed, readings.at[0, edge])
        for step in range(readings.begin.shape[1]):
            passes = readings.at[clock + 1, step + 1] - readings.at[clock + 1, step]
            readings.begin[clock + 1, step] = begun(passed, opening, readings.at[0, step])
            readings.beginning[clock + 1, step] = passes * (1.0 - opening[int(readings.at[0, step])])
        for day in range(readings.noon.shape[1]):
            readings.noon[clock + 1, day] = begun(passed, opening, readings.noon[0, day])


def room_for_areas(plan: KernelPlan, steps_per_day: int) -> Areas:
    """Allocate room for one segment's areas, up to what clocks read at most."""
    n_stages, n_slots = plan.destination.shape
    cell, most = 1.0 / (steps_per_day * CELLS_PER_STEP), float(np.max(plan.clock_passed, initial=0.0))
    if len(plan.month_speed):  # then there is room for the fastest future
        most = max(most, float(plan.clock_from_day.shape[1]))
    n_cells = math.ceil(most / cell) + 2 if len(plan.clock_passed) else 0
    n_edges = plan.horizon_days * steps_per_day + 1 if n_cells else 0
    return Areas(
        np.zeros((n_stages, n_slots, n_cells, 4)),
        cell,
        np.zeros((n_stages, n_slots, n_edges)),
        np.full((n_stages, n_slots), np.nan),
    )


@njit(inline="always")
def cubic_of_area(below: float, within: float, slope: float, slope_after: float) -> tuple[float, float, float, float]:
    """Return the area up to a part of a cell as a polynomial: Hermite's cubic; a line where survival breaks off.

    Parameters
    ----------
    below, within
        The areas before the cell and in it.
    slope, slope_after
        The shares of stays that last to its beginning and its end, times its length.
    """
    if slope_after == 0.0:
        return below, within, 0.0, 0.0
    one, other = slope - within, within - slope_after
    return below, slope, other - 2.0 * one, one - other


@njit(inline="always")
def _area(cubic: NDArray[np.float64], per_day: float, days: float) -> float:
    """Return the area up to some days."""
    if days <= 0.0:
        return days
    at = days * per_day
    k = min(int(at), len(cubic) - 1)
    part = at - k
    return float(cubic[k, 0] + part * (cubic[k, 1] + part * (cubic[k, 2] + part * cubic[k, 3])))


@njit(inline="always")
def _slope(cubic: NDArray[np.float64], per_day: float, days: float) -> float:
    """Return the share of stays that last some days: the slope of the area."""
    if days <= 0.0:
        return 1.0
    at = days * per_day
    k = min(int(at), len(cubic) - 1)
    part = at - k
    return float(per_day * (cubic[k, 1] + part * (2.0 * cubic[k, 2] + part * 3.0 * cubic[k, 3])))


@inner
def fill_from_step(
    cubic: NDArray[np.float64],
    cell: float,
    at: NDArray[np.float64],
    begin: float,
    passes: float,
    step: int,
    begun_at: float,
    at_edges: NDArray[np.float64],
    beyond: NDArray[np.float64],
) -> float:
    """Fill in the chances that stays which begin in a step have not ended before each that follows.

    The last of them begin when the first of the next step do, unless that has an opening: half of the areas are known.

    Parameters
    ----------
    cubic, cell
        The areas under the survival function, see `Areas`.
    at
        (n_steps + 1,): what the clock reads at the edges of steps.
    begin, passes
        What it reads for a stay that begins with the step, and passes for those that begin in it.
    step
        In which the stays begin.
    begun_at, at_edges
        The areas that are known, see `Areas`; overwritten with those for the reading that is returned.
    beyond
        Written: its k-th entry is for the step `step + k`.
    """
    per_day, stands_still = 1.0 / cell, passes < _LITTLE
    last = begun_at if stands_still else begin + passes
    if stands_still:
        for k in range(step + 1, len(at)):
            beyond[k - step] = _slope(cubic, per_day, at[k] - begin)
    else:
        if not abs(begun_at - begin) < _SAME:  # NaN neither
            for k in range(step + 1, len(at)):
                at_edges[k] = _area(cubic, per_day, at[k] - begin)
        for k in range(step + 1, len(at)):
            area = _area(cubic, per_day, at[k] - last)
            beyond[k - step] = (at_edges[k] - area) / passes
            at_edges[k] = area
    beyond[0] = 1.0
    for k in range(1, len(at) - step):
        beyond[k] = max(0.0, min(beyond[k], beyond[k - 1]))
    return last


@inner
def days_on_clock(noon: float, at: float) -> float:
    """Return the days, from the beginning of the day of entry, after which a stay by hazards ends at an edge."""
    return max(1.0, at - noon + 0.5)


@inner
def share_of_hazards(
    lasting: NDArray[np.float64], total: NDArray[np.float64], start: NDArray[np.float64], days: float
) -> float:
    """Return the share of stays by hazards that last so long; NaN-free for infinite days."""
    return 0.0 if days == math.inf else float(hazard_survival(lasting, total, start, days))
