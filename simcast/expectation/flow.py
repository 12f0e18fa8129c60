"""The expected flow of deals through the stages of one segment in one future, from step to step.

Expectations add up, so it takes no more than the expected number of stays that begin in each stage and step: those of
new deals, and those that the moves which ended earlier stays bring. This is the renewal equation of a semi-Markov
process, solved forward in time on a grid of steps; within a step, stays begin at times spread evenly over it.

Small functions take single arrays: to hand over a whole plan costs more than their work.

Source: R. Pyke, "Markov renewal processes: definitions and preliminary properties", Annals of Mathematical Statistics
32 (1961); J. Janssen and R. Manca, "Applied Semi-Markov Processes" (2006), on the discretised equation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simcast.engine.inner import allocating, inner
from simcast.engine.layout import MAX_VISITS, NEW, NOWHERE, OPEN, KernelPlan
from simcast.engine.tables import Tables
from simcast.expectation.amounts import AmountLaw, mean_worth
from simcast.expectation.lasting import Lasting, fill_lasting, fill_on_clocks, room_for_lasting
from simcast.expectation.moves import Moves
from simcast.expectation.on_clock import Readings, room_for_readings

NEW_DEALS, OPEN_DEALS, OPEN_UNKNOWN, OPEN_MONEY = 0, 1, 2, 3
"""What flows: new deals, open ones, those among these whose amount is unknown, and the sum of the known amounts."""

N_FLOWS = 4

_LITTLE = 1e-13
"""Deals that move on within the step of their entry are followed until fewer than this are left."""


class Grid(NamedTuple):
    """The steps into which the horizon is cut."""

    steps_per_day: int
    n_steps: int
    period_end: NDArray[np.int64]
    """(n_periods,): the first step after each period."""


class WinWorth(NamedTuple):
    """What a win is worth by the epoch in which the stay that it ends began, minor units."""

    new: NDArray[np.float64]
    """(n_epochs,): of a new deal."""
    unknown: NDArray[np.float64]
    """(n_epochs,): of an open deal whose amount is not known."""
    factor: NDArray[np.float64]
    """(n_epochs,): by which an open deal's own amount is multiplied."""
    add: NDArray[np.float64]
    """(n_epochs,): what is added to it."""


class Room(NamedTuple):
    """What a worker writes to, for one segment of one future at a time."""

    begun: NDArray[np.float64]
    """(n_stages, N_FLOWS, n_steps): what begins stays."""
    at_once: NDArray[np.float64]
    """(2, n_stages, N_FLOWS): what moves on within a step, in this round and the next."""
    on_at_once: NDArray[np.float64]
    """(n_stages, n_stages): the chance to move on from one to another within the step of entry."""
    lasting: Lasting
    worth: WinWorth
    readings: Readings
    """Of the future at hand."""


class Expected(NamedTuple):
    """What is won in one segment of one future on average; the last axes tell OPEN from NEW."""

    wins: NDArray[np.float64]
    """(n_periods, 2)"""
    bookings: NDArray[np.float64]
    """(n_periods, 2): minor units."""


def make_grid(plan: KernelPlan, steps_per_day: int) -> Grid:
    """Cut the horizon of a plan into steps."""
    ends = np.searchsorted(plan.period_of_day, np.arange(plan.period_of_day[-1] + 1), side="right")
    n_steps = plan.horizon_days * steps_per_day
    return Grid(steps_per_day, n_steps, ends.astype(np.int64) * steps_per_day)


def room_for_a_segment(plan: KernelPlan, grid: Grid) -> Room:
    """Allocate room for one worker; every segment of every future overwrites it."""
    n_stages = len(plan.destination)
    n_epochs = int(plan.epoch_of_day[-1]) + 1
    return Room(
        np.zeros((n_stages, N_FLOWS, grid.n_steps)),
        np.zeros((2, n_stages, N_FLOWS)),
        np.zeros((n_stages, n_stages)),
        room_for_lasting(plan, grid.steps_per_day),
        WinWorth(np.zeros(n_epochs), np.zeros(n_epochs), np.zeros(n_epochs), np.zeros(n_epochs)),
        room_for_readings(plan, grid.steps_per_day),
    )


@inner
def clear(plan: KernelPlan, tables: Tables, draw: int, segment: int, room: Room) -> None:
    """Make room for a segment: no stay has begun, and wins are worth what they are worth in it."""
    room.begun.fill(0.0)
    room.lasting.levers.fill(np.nan)
    for epoch in range(len(room.worth.new)):
        room.worth.factor[epoch] = tables.amount_factor[epoch, OPEN, segment]
        room.worth.add[epoch] = tables.amount_add[epoch, OPEN, segment]
    _fill_worth(plan, tables, draw, segment, OPEN, room.worth.unknown)
    _fill_worth(plan, tables, draw, segment, NEW, room.worth.new)


@inner
def _fill_worth(
    plan: KernelPlan, tables: Tables, draw: int, segment: int, origin: int, worth: NDArray[np.float64]
) -> None:
    """Fill in what a win of an unknown amount is worth; it takes long where levers take off, so once per lever."""
    quantiles = plan.amount_quantiles[segment]
    scale, shape = plan.amount_scale[draw, segment], plan.amount_shape[draw, segment]
    factors, adds = tables.amount_factor[:, origin, segment], tables.amount_add[:, origin, segment]
    for epoch in range(len(worth)):
        if epoch > 0 and factors[epoch] == factors[epoch - 1] and adds[epoch] == adds[epoch - 1]:
            worth[epoch] = worth[epoch - 1]
        else:
            law = AmountLaw(plan.amount_family, scale, shape, plan.amount_most, plan.amount_some[draw, segment])
            worth[epoch] = mean_worth(law, quantiles, factors[epoch], adds[epoch])


@inner
def begin_new_deals(plan: KernelPlan, tables: Tables, draw: int, segment: int, grid: Grid, room: Room) -> None:
    """Let new deals begin their first stays, evenly over each day."""
    n_stages = plan.destination.shape[0]
    for day in range(plan.horizon_days):
        epoch = plan.epoch_of_day[day]
        mean = plan.arrival_mean[draw, segment] * tables.arrival_factor[epoch, segment]
        mean = mean * plan.arrival_trend_factor[draw, day] + tables.arrival_add[epoch, segment]
        mean *= plan.arrival_weekday_factor[draw, day]
        per_step = max(mean, 0.0) / grid.steps_per_day
        below = 0.0
        for stage in range(n_stages):
            share = max(plan.entry_cumulative[segment, stage] - below, 0.0)
            below += share
            for step in range(day * grid.steps_per_day, (day + 1) * grid.steps_per_day):
                room.begun[stage, NEW_DEALS, step] += share * per_step


@allocating
def let_flow(
    plan: KernelPlan,
    tables: Tables,
    moves: Moves,
    draw: int,
    segment: int,
    grid: Grid,
    room: Room,
    expected: Expected,
) -> None:
    """Follow all stays of a segment, step by step, to the horizon, and count what is won."""
    n_stages, n_slots = moves.to.shape
    epoch_before = -1
    flow = np.empty(N_FLOWS)
    for step in range(grid.n_steps):
        day = step // grid.steps_per_day
        of_day = step - day * grid.steps_per_day
        epoch = plan.epoch_of_day[day]
        if epoch != epoch_before:
            n = grid.n_steps - step
            fill_lasting(plan, tables, moves, draw, epoch, segment, grid.steps_per_day, n, room.lasting)
            epoch_before = epoch
        fill_on_clocks(plan, tables, moves, room.readings, segment, step, grid.steps_per_day, room.lasting)
        probability = tables.probability[epoch, :, segment]
        _fill_on_at_once(probability, moves, plan.hazard_row, room.lasting, of_day, room.on_at_once)
        _move_on_at_once(room.on_at_once, room.at_once, room.begun, step)
        for stage in range(n_stages):
            by_day = plan.hazard_row[stage] != NOWHERE
            origin = step - of_day if by_day else step  # hazards count from the beginning of the day
            for slot in range(n_slots):
                p = probability[stage, slot]
                if p == 0.0 or not moves.matters[stage, slot]:
                    continue
                for k in range(N_FLOWS):
                    flow[k] = p * room.begun[stage, k, step]
                if moves.won[stage, slot]:
                    beyond = room.lasting.beyond[stage, slot]
                    count_wins(flow, room.worth, epoch, plan.period_of_day[day], grid, origin, beyond, expected)
                if moves.to[stage, slot] != NOWHERE:
                    first = step + 1
                    begun = room.begun[moves.to[stage, slot]]
                    if by_day:
                        within = room.lasting.within_day[stage, slot, of_day]
                        first = _begin_on_the_day(flow, within, origin, first, begun)
                    _begin_following(flow, room.lasting.ends[stage, slot], origin, first, begun)


@inner
def count_wins(
    flow: NDArray[np.float64],
    worth: WinWorth,
    epoch: int,
    first_period: int,
    grid: Grid,
    origin: int,
    beyond: NDArray[np.float64],
    expected: Expected,
) -> None:
    """Count a flow as won in each period from the first on, from stays that began in an epoch.

    `beyond` holds the chance that a stay has not ended before each step, counted from the step `origin`.
    """
    known = flow[OPEN_DEALS] - flow[OPEN_UNKNOWN]
    booked = (
        flow[OPEN_MONEY] * worth.factor[epoch] + known * worth.add[epoch] + flow[OPEN_UNKNOWN] * worth.unknown[epoch]
    )
    booked_new = flow[NEW_DEALS] * worth.new[epoch]
    lasted = 1.0
    for period in range(first_period, len(grid.period_end)):
        lasts = beyond[grid.period_end[period] - origin]
        won, lasted = lasted - lasts, lasts
        expected.wins[period, OPEN] += won * flow[OPEN_DEALS]
        expected.wins[period, NEW] += won * flow[NEW_DEALS]
        expected.bookings[period, OPEN] += won * booked
        expected.bookings[period, NEW] += won * booked_new


@inner
def _fill_on_at_once(
    probability: NDArray[np.float64],
    moves: Moves,
    hazard_row: NDArray[np.int64],
    chances: Lasting,
    of_day: int,
    on_at_once: NDArray[np.float64],
) -> None:
    """Work out the chances that a stay ends, and the next begins, in the step in which it began."""
    on_at_once.fill(0.0)
    for stage in range(probability.shape[0]):
        for slot in range(probability.shape[1]):
            if probability[stage, slot] > 0.0 and moves.to[stage, slot] != NOWHERE:
                lasts = chances.beyond[stage, slot, 1]
                if hazard_row[stage] != NOWHERE:
                    lasts = chances.within_day[stage, slot, of_day, of_day + 1]
                on_at_once[stage, moves.to[stage, slot]] += probability[stage, slot] * (1.0 - lasts)


@allocating
def _move_on_at_once(
    on_at_once: NDArray[np.float64], at_once: NDArray[np.float64], begun: NDArray[np.float64], step: int
) -> None:
    """Add to the stays that begin in a step those which follow stays that began, and ended, in it too."""
    n_stages = on_at_once.shape[0]
    at_once[0] = begun[:, :, step]
    for visit in range(MAX_VISITS):
        now, following = at_once[visit % 2], at_once[(visit + 1) % 2]
        following.fill(0.0)
        left = 0.0
        for stage in range(n_stages):
            if now[stage, NEW_DEALS] + now[stage, OPEN_DEALS] <= _LITTLE:
                continue
            for to in range(n_stages):
                if on_at_once[stage, to] > 0.0:
                    for k in range(N_FLOWS):
                        following[to, k] += on_at_once[stage, to] * now[stage, k]
                        left += following[to, k]
        if left == 0.0:
            break
        for stage in range(n_stages):
            for k in range(N_FLOWS):
                begun[stage, k, step] += following[stage, k]


@inner
def _begin_on_the_day(
    flow: NDArray[np.float64], within: NDArray[np.float64], origin: int, first: int, begun: NDArray[np.float64]
) -> int:
    """Begin the stays that follow on the very day, where hazards count days; return the next day's first step."""
    next_day = origin + len(within) - 1
    for step in range(first, next_day):
        for k in range(N_FLOWS):
            begun[k, step] += flow[k] * (within[step - origin] - within[step - origin + 1])
    return next_day


@inner
def _begin_following(
    flow: NDArray[np.float64], ends: NDArray[np.float64], origin: int, first: int, begun: NDArray[np.float64]
) -> None:
    """Begin the stays that follow in the step `first` and later: over a long horizon, all the time goes here."""
    n = begun.shape[1] - first
    for k in range(N_FLOWS):
        part = flow[k]
        if part != 0.0:
            to, of = begun[k, first:], ends[first - origin :]
            for i in range(n):
                to[i] += part * of[i]
