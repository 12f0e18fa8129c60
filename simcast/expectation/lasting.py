"""How long stays last, in steps: the chance that a stay has not ended before each step that follows.

A stay that begins in a step begins at a time spread evenly over it. For families of days the chance depends on the
number of steps since then only; it is the mean of the survival function over a step. Hazards count days of the
calendar, so that it depends on the days since the day of entry, and on that day itself on the step of entry too.
Where stays run on a clock the chances depend on the step of entry itself, and are filled in step by step.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.hazard import hazard_survival
from simcast.engine.inner import allocating, inner
from simcast.engine.layout import NOWHERE, KernelPlan
from simcast.engine.samplers import CONSTANT, HAZARD_CODE, survival
from simcast.engine.tables import Tables
from simcast.expectation.moves import Moves
from simcast.expectation.on_clock import (
    Areas,
    Readings,
    cubic_of_area,
    days_on_clock,
    fill_from_step,
    room_for_areas,
    share_of_hazards,
)

_MOST_PANELS = 16
"""Panels of Simpson's rule in the first step, where short stays end; half as many in each that follows."""

_STEPS_WITH_PANELS = 4

_LAST = 1.0 - 1e-12
"""Of an interval: where a cap ends it, stays last so long, and none longer."""

_INTERVALS_WITHIN_A_DAY = 4


class Levers(NamedTuple):
    """What levers do to the days until a move, as `simcast.engine.tables.with_levers` takes it."""

    time_factor: float
    cap_days: float
    cap_weight: float


class Days(NamedTuple):
    """The days until a move, of a family, before levers."""

    family: int
    scale: float
    shape: float


class Lasting(NamedTuple):
    """The chances of stays that begin in the present epoch, or step where they run on clocks, by stage and slot."""

    beyond: NDArray[np.float64]
    """(n_stages, n_slots, n_steps + 1): not ended before the k-th step after; hazards: after the day's first step."""
    ends: NDArray[np.float64]
    """(n_stages, n_slots, n_steps): ended in the k-th step; the falls of `beyond`."""
    within_day: NDArray[np.float64]
    """(n_stages, n_slots, steps_per_day, steps_per_day + 1): hazards only: begun in step j of a day, not ended before
    its step k."""
    within_no_clock: NDArray[np.float64]
    """Like `within_day`, of stays on clocks: as it would be without."""
    areas: Areas
    levers: NDArray[np.float64]
    """(n_stages, n_slots, 3): the levers that the chances are of; NaN at first."""


def room_for_lasting(plan: KernelPlan, steps_per_day: int) -> Lasting:
    """Allocate room for one segment's chances."""
    n_stages, n_slots = plan.destination.shape
    n_steps = plan.horizon_days * steps_per_day
    within_day = (n_stages, n_slots, steps_per_day, steps_per_day + 1)
    return Lasting(
        np.zeros((n_stages, n_slots, n_steps + 1)),
        np.zeros((n_stages, n_slots, n_steps)),
        np.zeros(within_day),
        np.zeros(within_day),
        room_for_areas(plan, steps_per_day),
        np.full((n_stages, n_slots, 3), np.nan),
    )


@njit(inline="always")
def before_levers(days: float, levers: Levers) -> float:
    """Return how long a stay must last for levers to leave it `days` at least: `with_levers` turned round."""
    if days <= 0.0:
        return 0.0
    if days > levers.cap_days and levers.cap_weight > 0.0:
        over = days - levers.cap_days
        days = levers.cap_days + over / (1.0 - levers.cap_weight) if levers.cap_weight < 1.0 else math.inf
    return days / levers.time_factor if levers.time_factor > 0.0 else math.inf


@inner
def share_that_lasts(law: Days, days: float) -> float:
    """Return P(T >= days) before levers, of a family."""
    if days <= 0.0:
        return 1.0
    if days == math.inf:
        return 0.0
    if law.family == CONSTANT:
        return 1.0 if days <= law.scale else 0.0
    share: float = survival(law.family, law.scale, law.shape, days)
    return share


@inner
def _end_of_all(law: Days, levers: Levers) -> float:
    """Return the days after which no stay lasts, because times are constant or capped; infinite otherwise."""
    if levers.time_factor <= 0.0:
        return 0.0
    end = levers.cap_days if levers.cap_weight >= 1.0 else math.inf
    if law.family == CONSTANT:
        days = law.scale * levers.time_factor
        end = min(end, days - levers.cap_weight * max(0.0, days - levers.cap_days))
    return end


@inner
def _mean_share(law: Days, levers: Levers, begin: float, reach: float, panels: int) -> float:
    """Return the mean share of stays that last, over an interval from `begin`, by Simpson's rule."""
    step = reach / (2 * panels)
    last = begin + reach * _LAST
    total = share_that_lasts(law, before_levers(begin, levers)) + share_that_lasts(law, before_levers(last, levers))
    for i in range(1, 2 * panels):
        weight = 4.0 if i % 2 == 1 else 2.0
        total += weight * share_that_lasts(law, before_levers(begin + i * step, levers))
    return total / (6 * panels)


@inner
def _fill_by_lag(law: Days, levers: Levers, width: float, n: int, beyond: NDArray[np.float64]) -> None:
    """Fill in the chances of a family of days for n steps: means over a step, since entries are spread over one."""
    end = _end_of_all(law, levers)
    beyond[0] = 1.0
    for k in range(n):
        reach = min(width, end - k * width)
        share = 0.0
        if reach > 0.0:
            panels = _MOST_PANELS >> k if k < _STEPS_WITH_PANELS else 1
            share = 1.0 if law.family == CONSTANT else _mean_share(law, levers, k * width, reach, panels)
            share *= reach / width
        beyond[k + 1] = min(share, beyond[k])


@inner
def _fill_by_day(
    lasting: NDArray[np.float64],
    total: NDArray[np.float64],
    start: NDArray[np.float64],
    levers: Levers,
    steps_per_day: int,
    n: int,
    beyond: NDArray[np.float64],
    within_day: NDArray[np.float64],
) -> None:
    """Fill in the chances of hazards by day: on the day of entry, a fraction is of the rest of the day."""
    for k in range(steps_per_day, n + 1):
        beyond[k] = hazard_survival(lasting, total, start, before_levers(k / steps_per_day, levers))
    for j in range(steps_per_day):
        within_day[j, : j + 1] = 1.0
        for k in range(j + 1, steps_per_day + 1):
            mean = 0.0
            for i in range(_INTERVALS_WITHIN_A_DAY + 1):
                begun = (j + i / _INTERVALS_WITHIN_A_DAY) / steps_per_day
                left = (k / steps_per_day - begun) / (1.0 - begun) if begun < 1.0 else 1.0
                weight = 1.0 if i in (0, _INTERVALS_WITHIN_A_DAY) else (4.0 if i % 2 == 1 else 2.0)
                mean += weight * hazard_survival(lasting, total, start, before_levers(left, levers))
            within_day[j, k] = mean / (3 * _INTERVALS_WITHIN_A_DAY)


@inner
def fill_lasting(
    plan: KernelPlan,
    tables: Tables,
    moves: Moves,
    draw: int,
    epoch: int,
    segment: int,
    steps_per_day: int,
    n: int,
    chances: Lasting,
) -> None:
    """Work out the chances of the stays that begin in an epoch, for n steps on; what levers leave alone is kept."""
    n_stages, n_slots = plan.destination.shape
    for stage in range(n_stages):
        for slot in range(n_slots):
            levers = levers_on(tables, epoch, stage, segment, slot)
            before = chances.levers[stage, slot]
            same = before[0] == levers[0] and before[1] == levers[1] and before[2] == levers[2]
            if same or not moves.matters[stage, slot]:
                continue
            before[0], before[1], before[2] = levers
            beyond, ends = chances.beyond[stage, slot], chances.ends[stage, slot]
            if plan.clock_of[stage, slot] != NOWHERE:
                _tabulate(plan, tables, draw, segment, stage, slot, levers, steps_per_day, chances)
                continue
            if plan.family[stage, slot] == HAZARD_CODE:
                row = plan.hazard_row[stage]
                lasting, total = tables.hazard_survival[row, segment, slot], tables.hazard_total[row, segment]
                within_day = chances.within_day[stage, slot]
                _fill_by_day(lasting, total, plan.hazard_start, levers, steps_per_day, n, beyond, within_day)
            else:
                law = days_of(plan, draw, stage, segment, slot)
                _fill_by_lag(law, levers, 1.0 / steps_per_day, n, beyond)
            for k in range(n):
                ends[k] = beyond[k] - beyond[k + 1]


@inner
def _tabulate(
    plan: KernelPlan,
    tables: Tables,
    draw: int,
    segment: int,
    stage: int,
    slot: int,
    levers: Levers,
    steps_per_day: int,
    chances: Lasting,
) -> None:
    """Work out what the chances of stays on a clock are made of, once per lever."""
    if plan.family[stage, slot] == HAZARD_CODE:
        row = plan.hazard_row[stage]
        lasting, total = tables.hazard_survival[row, segment, slot], tables.hazard_total[row, segment]
        beyond, within_day = chances.beyond[stage, slot], chances.within_no_clock[stage, slot]
        _fill_by_day(lasting, total, plan.hazard_start, levers, steps_per_day, 0, beyond, within_day)
        return
    law, cell = days_of(plan, draw, stage, segment, slot), chances.areas.cell
    cubic, end = chances.areas.cubic[stage, slot], _end_of_all(law, levers)
    chances.areas.begun_at[stage, slot] = math.nan
    area, share = 0.0, 1.0
    for k in range(len(cubic)):
        share_after = share_that_lasts(law, before_levers((k + 1) * cell, levers))
        within, reach = 0.0, min(cell, end - k * cell)
        if k >= _STEPS_WITH_PANELS and (k + 1) * cell < end * _LAST:
            middle = share_that_lasts(law, before_levers((k + 0.5) * cell, levers))
            within = (share + 4.0 * middle + share_after) / 6.0 * cell
        elif reach > 0.0:
            panels = _MOST_PANELS >> k if k < _STEPS_WITH_PANELS else 1
            within = 1.0 if law.family == CONSTANT else _mean_share(law, levers, k * cell, reach, panels)
            within *= reach
        cubic[k] = cubic_of_area(area, within, share * cell, share_after * cell)
        area, share = area + within, share_after


@inner
def fill_on_clocks(
    plan: KernelPlan,
    tables: Tables,
    moves: Moves,
    readings: Readings,
    segment: int,
    step: int,
    steps_per_day: int,
    chances: Lasting,
) -> None:
    """Fill in the chances of stays on clocks that begin in a step; of hazards, once for all steps of a day."""
    n_stages, n_slots = plan.clock_of.shape
    epoch = plan.epoch_of_day[step // steps_per_day]
    for stage in range(n_stages):
        for slot in range(n_slots):
            clock = plan.clock_of[stage, slot]
            if clock == NOWHERE or not moves.matters[stage, slot]:
                continue
            beyond, ends, at = chances.beyond[stage, slot], chances.ends[stage, slot], readings.at[clock + 1]
            if plan.hazard_row[stage] == NOWHERE:
                areas = chances.areas
                begin, passes = readings.begin[clock + 1, step], readings.beginning[clock + 1, step]
                cubic, at_edges, begun_at = areas.cubic[stage, slot], areas.at_edges[stage, slot], areas.begun_at
                begun_at[stage, slot] = fill_from_step(
                    cubic, areas.cell, at, begin, passes, step, begun_at[stage, slot], at_edges, beyond
                )
                first = 0
            elif step % steps_per_day == 0:
                levers = levers_on(tables, epoch, stage, segment, slot)
                day = step // steps_per_day
                noon, put_off = readings.noon[clock + 1, day], readings.all_opening[clock + 1, day]
                _fill_day_on_clock(
                    plan, tables, stage, slot, segment, levers, at[step:], noon, put_off, steps_per_day, chances
                )
                first = steps_per_day
            else:
                continue
            for k in range(first, len(at) - 1 - step):
                ends[k] = beyond[k] - beyond[k + 1]


@allocating
def _fill_day_on_clock(
    plan: KernelPlan,
    tables: Tables,
    stage: int,
    slot: int,
    segment: int,
    levers: Levers,
    at: NDArray[np.float64],
    noon: float,
    put_off: bool,
    steps_per_day: int,
    chances: Lasting,
) -> None:
    """Fill in the chances of hazards for stays that begin on a day; `at` are the readings from its first step on.

    Where ends on that day are put off, they come when half a day has passed since its noon.
    """
    row, start = plan.hazard_row[stage], plan.hazard_start
    lasting, total = tables.hazard_survival[row, segment, slot], tables.hazard_total[row, segment]
    beyond, within_day = chances.beyond[stage, slot], chances.within_day[stage, slot]
    for k in range(steps_per_day, len(at)):
        days = before_levers(days_on_clock(noon, at[k]), levers)
        beyond[k] = share_of_hazards(lasting, total, start, days)
        if put_off and at[k] < noon + 0.5:
            beyond[k] = 1.0
    if put_off:
        within_day[:] = 1.0
        return
    lasts_a_day = share_of_hazards(lasting, total, start, before_levers(1.0, levers))
    within_day[:] = chances.within_no_clock[stage, slot]
    for k in range(1, steps_per_day + 1):  # on a day that weighs much, longer stays end, too
        days = before_levers(days_on_clock(noon, at[k]), levers)
        ended = lasts_a_day - share_of_hazards(lasting, total, start, days)
        for j in range(k):
            within_day[j, k] = max(0.0, within_day[j, k] - ended)


@njit(inline="always")
def days_of(plan: KernelPlan, draw: int, stage: int, segment: int, slot: int) -> Days:
    """Return the days until a move whose days belong to a family."""
    return Days(
        plan.family[stage, slot], plan.scale[draw, stage, segment, slot], plan.shape[draw, stage, segment, slot]
    )


@njit(inline="always")
def levers_on(tables: Tables, epoch: int, stage: int, segment: int, slot: int) -> Levers:
    """Return the levers on the days until a move, of stays that begin in an epoch."""
    return Levers(
        tables.time_factor[epoch, stage, segment, slot],
        tables.cap_days[epoch, stage, segment, slot],
        tables.cap_weight[epoch, stage, segment, slot],
    )
