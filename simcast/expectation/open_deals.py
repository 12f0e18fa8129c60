"""The stays in which open deals are found at the as-of date: how they end given how long they have lasted already.

Deals that differ in nothing but their amounts flow together.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.hazard import hazard_survival, piece_of, weigh_by_hazards
from simcast.engine.inner import allocating, inner
from simcast.engine.layout import NOT_FORCED, NOWHERE, KernelPlan
from simcast.engine.samplers import CONSTANT, log_survival
from simcast.engine.tables import Tables
from simcast.expectation.flow import N_FLOWS, OPEN_DEALS, OPEN_MONEY, OPEN_UNKNOWN, Expected, Grid, Room, count_wins
from simcast.expectation.lasting import Days, Levers, before_levers, days_of, levers_on, share_that_lasts
from simcast.expectation.moves import Moves, where_it_leads

_LEAST_WEIGHT = 1e-280
"""Below this, hazards by day condition on an age by the hazards at it, as the kernel does."""


class Alike(NamedTuple):
    """The open deals, those alike together; ordered by segment."""

    segment: NDArray[np.int64]
    """(n,)"""
    stage: NDArray[np.int64]
    """(n,)"""
    age: NDArray[np.float64]
    """(n, n_slots): days, on the clock of each move."""
    forced: NDArray[np.int64]
    """(n,): an outcome, or NOT_FORCED."""
    forced_day: NDArray[np.float64]
    """(n,)"""
    flow: NDArray[np.float64]
    """(n, N_FLOWS)"""


def deals_alike(plan: KernelPlan) -> Alike:
    """Put the open deals together that the same future awaits."""
    columns = (plan.deal_segment, plan.deal_stage, *plan.deal_age.T, plan.deal_forced, plan.deal_forced_day)
    found, member = np.unique(np.column_stack(columns).astype(np.float64), axis=0, return_inverse=True)
    known = plan.deal_amount >= 0
    flow = np.zeros((len(found), N_FLOWS))
    for k, of_deal in (
        (OPEN_DEALS, np.ones(known.shape)),
        (OPEN_UNKNOWN, ~known),
        (OPEN_MONEY, np.where(known, plan.deal_amount, 0)),
    ):
        flow[:, k] = np.bincount(member.ravel(), weights=of_deal, minlength=len(found))
    segment, stage, forced = (np.ascontiguousarray(found[:, column], dtype=np.int64) for column in (0, 1, -2))
    age, forced_day = np.ascontiguousarray(found[:, 2:-2]), np.ascontiguousarray(found[:, -1])
    return Alike(segment, stage, age, forced, forced_day, flow)


@allocating
def begin_open_deals(
    plan: KernelPlan,
    tables: Tables,
    moves: Moves,
    draw: int,
    segment: int,
    alike: Alike,
    grid: Grid,
    room: Room,
    expected: Expected,
) -> None:
    """End the first stays of a segment's open deals: count what is won, and begin the stays that follow."""
    n_slots = moves.to.shape[1]
    share, flow, lasts = np.empty(n_slots), np.empty(N_FLOWS), np.empty(grid.n_steps + 1)
    epoch = plan.epoch_of_day[0]
    first, end = np.searchsorted(alike.segment, segment), np.searchsorted(alike.segment, segment + 1)
    for i in range(first, end):
        stage, age = alike.stage[i], alike.age[i]
        if alike.forced[i] != NOT_FORCED:
            won, to = where_it_leads(plan, alike.forced[i])
            for edge in range(grid.n_steps + 1):
                lasts[edge] = 1.0 if edge <= alike.forced_day[i] * grid.steps_per_day else 0.0
            _end_first_stay(alike.flow[i], won, to, lasts, grid, epoch, room, expected)
            continue
        overdue = _shares_of_moves(plan, tables, draw, segment, stage, age, share)
        for slot in range(n_slots):
            if share[slot] == 0.0 or not moves.matters[stage, slot]:
                continue
            won, to = moves.won[stage, slot], moves.to[stage, slot]
            levers, every_step = levers_on(tables, epoch, stage, segment, slot), to != NOWHERE
            at = room.readings.at[plan.clock_of[stage, slot] + 1]
            if plan.hazard_row[stage] == NOWHERE:
                law = days_of(plan, draw, stage, segment, slot)
                _fill_rest(law, levers, age[slot], grid, at, every_step, lasts)
            else:
                row = plan.hazard_row[stage]
                lasting, total = tables.hazard_survival[row, segment, slot], tables.hazard_total[row, segment]
                start = plan.hazard_start
                _fill_rest_by_day(lasting, total, start, levers, age[slot], overdue, grid, at, every_step, lasts)
            for k in range(N_FLOWS):
                flow[k] = share[slot] * alike.flow[i, k]
            _end_first_stay(flow, won, to, lasts, grid, epoch, room, expected)


@allocating
def _shares_of_moves(
    plan: KernelPlan,
    tables: Tables,
    draw: int,
    segment: int,
    stage: int,
    age: NDArray[np.float64],
    share: NDArray[np.float64],
) -> bool:
    """Write down the probability of each move given the age; tell whether hazards by day hardly let it come so far."""
    if plan.hazard_row[stage] != NOWHERE:
        return _shares_of_hazards(plan, tables, draw, segment, stage, np.ceil(age), share)
    probability = tables.probability[plan.epoch_of_day[0], stage, segment]
    for slot in range(len(share)):  # by logarithms, since an old deal's survivals may be below the range of floats
        share[slot] = -math.inf
        if probability[slot] > 0.0:
            share[slot] = math.log(probability[slot])
            if plan.destination[stage, slot] != NOWHERE:
                scale, shape = plan.scale[draw, stage, segment, slot], plan.shape[draw, stage, segment, slot]
                share[slot] += log_survival(plan.family[stage, slot], scale, shape, age[slot])
    best = np.max(share)
    if best == -math.inf:  # older than any stay can be (constant times only): it moves on at once
        share[:] = probability
    else:
        share[:] = np.exp(share - best)
    share /= np.sum(share)
    return False


@allocating
def _shares_of_hazards(
    plan: KernelPlan,
    tables: Tables,
    draw: int,
    segment: int,
    stage: int,
    age: NDArray[np.float64],
    share: NDArray[np.float64],
) -> bool:
    """Write down the probability of each move given its age, for hazards by day; return as `_shares_of_moves`."""
    row, stalled, start = plan.hazard_row[stage], len(share) - 1, plan.hazard_start
    total = tables.hazard_total[row, segment]
    levered = tables.probability[plan.epoch_of_day[0], stage, segment]
    share[:] = levered
    for slot in range(stalled):
        if share[slot] > 0.0:
            share[slot] *= hazard_survival(tables.hazard_survival[row, segment, slot], total, start, age[slot])
    if np.sum(share) > _LEAST_WEIGHT:
        share /= np.sum(share)
        return False
    weigh_by_hazards(
        age,
        plan.hazard_rate[draw, row],
        plan.hazard_factor[draw, row, segment],
        total,
        plan.probability[draw, stage, segment],
        levered,
        start,
        share,
    )
    if np.sum(share) == 0.0:
        share[stalled] = 1.0
    share /= np.sum(share)
    return True


@njit(inline="always")
def _edge(grid: Grid, i: int, every_step: bool) -> int:
    """Return the step whose chance is the i-th to be filled in: each, or the first after each period."""
    edge: int = i + 1 if every_step else grid.period_end[i]
    return edge


@inner
def _fill_rest(
    law: Days,
    levers: Levers,
    age: float,
    grid: Grid,
    at: NDArray[np.float64],
    every_step: bool,
    lasts: NDArray[np.float64],
) -> None:
    """Fill in the chance that the rest of a stay has not ended before each step; at the ends of periods at least.

    `at` holds what its clock reads at the edges of steps; days where it has none.
    """
    log_reached = log_survival(law.family, law.scale, law.shape, age)
    reached = math.exp(log_reached)
    lasts[0] = 1.0
    for i in range(grid.n_steps if every_step else len(grid.period_end)):
        edge = _edge(grid, i, every_step)
        days = before_levers(at[edge], levers)
        if days == math.inf:
            lasts[edge] = 0.0
        elif law.family == CONSTANT:
            lasts[edge] = share_that_lasts(law, age + days) if reached > 0.0 else 0.0
        elif reached > _LEAST_WEIGHT:
            lasts[edge] = share_that_lasts(law, age + days) / reached
        else:
            lasts[edge] = math.exp(log_survival(law.family, law.scale, law.shape, age + days) - log_reached)


@inner
def _fill_rest_by_day(
    lasting: NDArray[np.float64],
    total: NDArray[np.float64],
    start: NDArray[np.float64],
    levers: Levers,
    age: float,
    overdue: bool,
    grid: Grid,
    at: NDArray[np.float64],
    every_step: bool,
    lasts: NDArray[np.float64],
) -> None:
    """Fill in as `_fill_rest` does, for hazards by day: a deal has lasted its age rounded up to whole days."""
    age = math.ceil(age)
    reached = hazard_survival(lasting, total, start, age)
    lasts[0] = 1.0
    for i in range(grid.n_steps if every_step else len(grid.period_end)):
        edge = _edge(grid, i, every_step)
        days = before_levers(at[edge], levers)
        if days == math.inf:
            lasts[edge] = 0.0
        elif overdue:
            lasts[edge] = math.exp(-total[piece_of(age, start)] * days)
        else:
            lasts[edge] = hazard_survival(lasting, total, start, age + days) / reached


@inner
def _end_first_stay(
    flow: NDArray[np.float64],
    won: bool,
    to: int,
    lasts: NDArray[np.float64],
    grid: Grid,
    epoch: int,
    room: Room,
    expected: Expected,
) -> None:
    """Count the wins of a flow whose stay ends as `lasts` says, and begin the stays that follow."""
    if won:
        count_wins(flow, room.worth, epoch, 0, grid, 0, lasts, expected)
    if to != NOWHERE:
        for step in range(grid.n_steps):
            ends = lasts[step] - lasts[step + 1]
            if ends != 0.0:
                for k in range(N_FLOWS):
                    room.begun[to, k, step] += ends * flow[k]
