"""The independent-deals kernel: plays every deal of every future through its stages.

A future is one course of all deals to the horizon under one posterior draw. Deals do not wait for each other (no
teams), so what a deal does depends on its own key only. A future is played in rounds: in each, every deal still
in play ends its stay and begins the next. Nothing here raises.

The functions take whole tuples of arrays once per round and work on scalars inside: passing the tuples once per
deal instead costs a hundred times the work itself.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.counts import count
from simcast.engine.layout import MAX_VISITS, NEW, NOT_FORCED, NOWHERE, OPEN, KernelPlan, Results
from simcast.engine.rng import AMOUNT, ARRIVALS, BIRTH, STAY, uniforms
from simcast.engine.samplers import duration, log_survival
from simcast.engine.tables import Tables, empty_tables, fill_tables

_MOST_MINOR_UNITS = 1e15
"""No single amount exceeds this (ten trillion in whole units), so that sums stay far from the end of int64."""

_MOST_DAYS = 1e9
"""Stays are cut here, so that a cap on an overflowed time is a cap and not a NaN."""


class _InPlay(NamedTuple):
    """The deals of one future that are still in play, with the stay that each is in; the first n entries count."""

    key: NDArray[np.uint64]
    deal: NDArray[np.int64]  # position among the open deals; -1 for a new deal, and after the first win
    origin: NDArray[np.int64]
    segment: NDArray[np.int64]
    stage: NDArray[np.int64]
    slot: NDArray[np.int64]  # the move that ends the stay
    enters_on: NDArray[np.float64]
    leaves_on: NDArray[np.float64]
    amount: NDArray[np.int64]
    forced: NDArray[np.int64]


@njit(cache=True, nogil=True)
def play_futures(plan: KernelPlan, first: int, results: Results) -> None:
    """Play the futures ``first, first + 1, ...``, as many as `results` has rows, and add to `results`."""
    tables = empty_tables(plan)
    n_open = len(plan.deal_key)
    arrivals = np.zeros((len(plan.arrival_key), plan.horizon_days), np.int64)
    in_play = _room_for(n_open)
    for row in range(results.bookings.shape[0]):
        future = first + row
        fill_tables(plan, tables, future)
        n = n_open + _count_arrivals(plan, tables, future, arrivals)
        if n > len(in_play.key):
            in_play = _room_for(n + n // 4)
        _begin_open_deals(plan, tables, future, in_play)
        _begin_new_deals(plan, tables, future, arrivals, in_play, results.entered[row])
        for visit in range(1, MAX_VISITS + 1):
            n = _play_round(plan, tables, future, visit, in_play, n, results, row)
            if n == 0:
                break
        results.capped[0] += n
        _stop_in_place(plan, in_play, n, results.open_at_end[row])
        _running_sum_over_periods(results.open_at_end[row])


@njit(cache=True)
def _room_for(n: int) -> _InPlay:
    """Allocate room for n deals in play."""
    return _InPlay(
        np.empty(n, np.uint64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.float64),
        np.empty(n, np.float64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
    )


@njit(cache=True)
def _count_arrivals(plan: KernelPlan, tables: Tables, future: int, arrivals: NDArray[np.int64]) -> int:
    """Draw how many deals arrive per segment and day, and return the total."""
    draw = plan.draw_of_future[future]
    total = 0
    for segment in range(arrivals.shape[0]):
        for day in range(plan.horizon_days):
            epoch = plan.epoch_of_day[day]
            mean = plan.arrival_mean[draw, segment] * tables.arrival_factor[epoch, segment]
            mean = (mean + tables.arrival_add[epoch, segment]) * plan.arrival_day_factor[draw, day]
            n = 0
            if mean > 0.0:
                u, _ = uniforms(plan.seed, future, plan.arrival_key[segment] + np.uint64(day), 0, ARRIVALS)
                n = count(mean, plan.arrival_size[draw], u)
            arrivals[segment, day] = n
            total += n
    return total


@njit(cache=True)
def _begin_open_deals(plan: KernelPlan, tables: Tables, future: int, in_play: _InPlay) -> None:
    """Put the deals open at the as-of date in play, each given how long it has waited already.

    The move is drawn from p S(age) / sum, the time from T given T > age. The wait so far happened without
    levers, so survival is the posterior's; levers act on the moves' probabilities and on the time that remains.
    """
    draw = plan.draw_of_future[future]
    epoch = plan.epoch_of_day[0]
    n_slots = plan.destination.shape[1]
    log_weight = np.empty(n_slots)
    for deal in range(len(plan.deal_key)):
        stage = plan.deal_stage[deal]
        segment = plan.deal_segment[deal]
        age = plan.deal_age[deal]
        u_move, u_time = uniforms(plan.seed, future, plan.deal_key[deal], 0, STAY)
        for slot in range(n_slots):
            probability = tables.probability[epoch, stage, segment, slot]
            log_weight[slot] = math.log(probability) if probability > 0.0 else -math.inf
            if probability > 0.0 and plan.destination[stage, slot] != NOWHERE:
                scale = plan.scale[draw, stage, segment, slot]
                shape = plan.shape[draw, stage, segment, slot]
                log_weight[slot] += log_survival(plan.family[stage, slot], scale, shape, age)
        slot = _choose(log_weight, u_move)
        leaves_on = 0.0
        if slot < 0:  # older than any stay can be (constant times only): it moves on at once
            slot = 0
            while u_move >= tables.cumulative[epoch, stage, segment, slot]:
                slot += 1
        elif plan.destination[stage, slot] == NOWHERE:
            leaves_on = math.inf
        else:
            scale = plan.scale[draw, stage, segment, slot]
            shape = plan.shape[draw, stage, segment, slot]
            family = plan.family[stage, slot]
            log_s = math.log(u_time) + log_survival(family, scale, shape, age)
            leaves_on = _with_levers(
                max(0.0, duration(family, scale, shape, log_s) - age),
                tables.time_factor[epoch, stage, segment, slot],
                tables.cap_days[epoch, stage, segment, slot],
                tables.cap_weight[epoch, stage, segment, slot],
            )
        in_play.key[deal] = plan.deal_key[deal]
        in_play.deal[deal] = deal
        in_play.origin[deal] = OPEN
        in_play.segment[deal] = segment
        in_play.stage[deal] = stage
        in_play.slot[deal] = slot
        in_play.enters_on[deal] = 0.0
        in_play.leaves_on[deal] = leaves_on if plan.deal_forced[deal] == NOT_FORCED else plan.deal_forced_day[deal]
        in_play.amount[deal] = plan.deal_amount[deal]
        in_play.forced[deal] = plan.deal_forced[deal]


@njit(cache=True)
def _begin_new_deals(
    plan: KernelPlan,
    tables: Tables,
    future: int,
    arrivals: NDArray[np.int64],
    in_play: _InPlay,
    entered: NDArray[np.int32],
) -> None:
    """Put the deals that arrive in play, after the open ones."""
    draw = plan.draw_of_future[future]
    i = len(plan.deal_key)
    for segment in range(arrivals.shape[0]):
        group = plan.group_of_segment[segment]
        for day in range(plan.horizon_days):
            for ordinal in range(arrivals[segment, day]):
                # Days and ordinals have bits of their own, counted up from the segment's random key.
                key = plan.arrival_key[segment] + ((np.uint64(day) << np.uint64(32)) | np.uint64(ordinal))
                u_time, u_entry = uniforms(plan.seed, future, key, 0, BIRTH)
                stage = 0
                while u_entry >= plan.entry_cumulative[segment, stage]:
                    stage += 1
                entered[plan.period_of_day[day], group, stage] += 1
                in_play.key[i] = key
                in_play.deal[i] = -1
                in_play.origin[i] = NEW
                in_play.segment[i] = segment
                in_play.stage[i] = stage
                in_play.enters_on[i] = day + u_time
                in_play.amount[i] = -1
                in_play.forced[i] = NOT_FORCED
                u_move, u_days = uniforms(plan.seed, future, key, 0, STAY)
                in_play.slot[i], in_play.leaves_on[i] = _stay(
                    u_move,
                    u_days,
                    day + u_time,
                    tables.cumulative[plan.epoch_of_day[day], stage, segment],
                    plan.destination[stage],
                    plan.family[stage],
                    plan.scale[draw, stage, segment],
                    plan.shape[draw, stage, segment],
                    tables.time_factor[plan.epoch_of_day[day], stage, segment],
                    tables.cap_days[plan.epoch_of_day[day], stage, segment],
                    tables.cap_weight[plan.epoch_of_day[day], stage, segment],
                )
                i += 1


@njit(cache=True)
def _play_round(
    plan: KernelPlan,
    tables: Tables,
    future: int,
    visit: int,
    in_play: _InPlay,
    n: int,
    results: Results,
    row: int,
) -> int:
    """End the stay of each deal in play and begin its next; return how many are still in play."""
    n_stages = plan.destination.shape[0]
    draw = plan.draw_of_future[future]
    kept = 0
    for i in range(n):
        stage = in_play.stage[i]
        segment = in_play.segment[i]
        group = plan.group_of_segment[segment]
        enters_day = int(in_play.enters_on[i])
        results.open_at_end[row, plan.period_of_day[enters_day], group, stage] += 1
        leaves_on = in_play.leaves_on[i]
        if not leaves_on < plan.horizon_days:
            continue
        day = int(leaves_on)
        period = plan.period_of_day[day]
        results.open_at_end[row, period, group, stage] -= 1
        destination = plan.destination[stage, in_play.slot[i]]
        if in_play.forced[i] != NOT_FORCED:
            destination = in_play.forced[i]
        if destination == plan.destination[stage, 0]:
            results.left_forward[row, period, group, stage] += 1
        key = in_play.key[i]
        deal = in_play.deal[i]
        if destination >= n_stages:
            outcome = destination - n_stages
            if plan.outcome_won[outcome]:
                origin = in_play.origin[i]
                worth = float(in_play.amount[i])
                scale = plan.amount_scale[draw, segment]
                if worth < 0.0 and scale > 0.0:
                    u, _ = uniforms(plan.seed, future, key, 0, AMOUNT)
                    worth = duration(plan.amount_family, scale, plan.amount_shape[draw, segment], math.log(u))
                epoch = plan.epoch_of_day[enters_day]
                worth = max(worth, 0.0) * tables.amount_factor[epoch, origin, segment]
                worth += tables.amount_add[epoch, origin, segment]
                results.bookings[row, period, group, origin] += round(min(max(worth, 0.0), _MOST_MINOR_UNITS))
                results.wins[row, period, group, origin] += 1
                if deal >= 0:
                    results.deal_wins[deal] += 1
                    results.deal_win_days[deal] += day
                    deal = -1
            destination = plan.outcome_resumes[outcome]
            if destination == NOWHERE:
                continue
        results.entered[row, period, group, destination] += 1
        epoch = plan.epoch_of_day[day]
        u_move, u_days = uniforms(plan.seed, future, key, visit, STAY)
        slot, leaves_on = _stay(
            u_move,
            u_days,
            leaves_on,
            tables.cumulative[epoch, destination, segment],
            plan.destination[destination],
            plan.family[destination],
            plan.scale[draw, destination, segment],
            plan.shape[draw, destination, segment],
            tables.time_factor[epoch, destination, segment],
            tables.cap_days[epoch, destination, segment],
            tables.cap_weight[epoch, destination, segment],
        )
        in_play.key[kept] = key
        in_play.deal[kept] = deal
        in_play.origin[kept] = in_play.origin[i]
        in_play.segment[kept] = segment
        in_play.stage[kept] = destination
        in_play.slot[kept] = slot
        in_play.enters_on[kept] = in_play.leaves_on[i]
        in_play.leaves_on[kept] = leaves_on
        in_play.amount[kept] = in_play.amount[i]
        in_play.forced[kept] = NOT_FORCED
        kept += 1
    return kept


@njit(cache=True)
def _stay(
    u_move: float,
    u_days: float,
    enters_on: float,
    cumulative: NDArray[np.float64],
    destination: NDArray[np.int64],
    family: NDArray[np.int64],
    scale: NDArray[np.float64],
    shape: NDArray[np.float64],
    time_factor: NDArray[np.float64],
    cap_days: NDArray[np.float64],
    cap_weight: NDArray[np.float64],
) -> tuple[int, float]:
    """Draw the move that ends a new stay, and when it happens (never, when the deal stalls)."""
    slot = 0
    while u_move >= cumulative[slot]:
        slot += 1
    if destination[slot] == NOWHERE:
        return slot, math.inf
    days = duration(family[slot], scale[slot], shape[slot], math.log(u_days))
    return slot, enters_on + _with_levers(days, time_factor[slot], cap_days[slot], cap_weight[slot])


@njit(inline="always")
def _with_levers(days: float, time_factor: float, cap_days: float, cap_weight: float) -> float:
    """Stretch a stay, then cap it as far as the cap has faded in."""
    stretched = min(days * time_factor, _MOST_DAYS)
    return stretched - cap_weight * max(0.0, stretched - cap_days)


@njit(cache=True)
def _choose(log_weight: NDArray[np.float64], u: float) -> int:
    """Choose a slot with probability in proportion to exp(log_weight); -1 when all weights are zero."""
    best = np.max(log_weight)
    if best == -math.inf:
        return -1
    total = 0.0
    for slot in range(len(log_weight)):
        total += math.exp(log_weight[slot] - best)
    chosen = -1
    reached = 0.0
    for slot in range(len(log_weight)):
        if log_weight[slot] > -math.inf:
            chosen = slot
            reached += math.exp(log_weight[slot] - best)
            if u * total < reached:
                break
    return chosen


@njit(cache=True)
def _stop_in_place(plan: KernelPlan, in_play: _InPlay, n: int, open_at_end: NDArray[np.int32]) -> None:
    """Leave the deals that visited too many stages where they are."""
    for i in range(n):
        period = plan.period_of_day[int(in_play.enters_on[i])]
        open_at_end[period, plan.group_of_segment[in_play.segment[i]], in_play.stage[i]] += 1


@njit(cache=True)
def _running_sum_over_periods(changes: NDArray[np.int32]) -> None:
    """Turn net entries per period into the number open at each period's end."""
    for period in range(1, changes.shape[0]):
        changes[period] += changes[period - 1]
