"""The independent-deals kernel: plays every deal of every future through its stages.

A future is one course of all deals to the horizon under one posterior draw. Deals do not wait for each other (no
teams), so what a deal does depends on its own key only. A future is played in rounds: in each, every deal still
in play ends its stay and begins the next. Nothing here raises.

The functions take whole tuples of arrays once per round and work on scalars inside: passing the tuples once per
deal instead costs a hundred times the work itself.
"""

from __future__ import annotations

import math
from typing import NamedTuple, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.counts import count
from simcast.engine.layout import MAX_VISITS, NEW, NOT_FORCED, NOWHERE, OPEN, KernelPlan, Results
from simcast.engine.rng import AMOUNT, ARRIVALS, BIRTH, STAY, fill_uniforms, uniforms
from simcast.engine.samplers import exceeded, exceeded_by_log, log_survival, survival
from simcast.engine.tables import Tables, empty_tables, fill_tables

_MOST_MINOR_UNITS = 1e15
"""No single amount exceeds this (ten trillion in whole units), so that sums stay far from the end of int64."""

_MOST_DAYS = 1e9
"""Stays are cut here, so that a cap on an overflowed time is a cap and not a NaN."""

_LATEST_TIME_OF_DAY = 1.0 - 2.0**-40
"""Added to any day within decades, this does not round up to the next day."""

_MOST_OF_ONE = 1.0 - 2.0**-53

_LEAST_WEIGHT = 1e-280
"""Below this, an open deal's chances are weighed by their logarithms."""


# Typed constants, since Numba compiles a function anew for each plain number that it is called with.
_OPEN, _NEW = cast("int", np.int64(OPEN)), cast("int", np.int64(NEW))
_NONE = _FIRST_VISIT = cast("int", np.int64(0))

_BLOCK = 512
"""How many deals are played together: few enough to stay in the processor's nearest cache."""


class _InPlay(NamedTuple):
    """The deals of a block that are still in play, with the stay that each is in; the first n entries count."""

    key: NDArray[np.uint64]
    deal: NDArray[np.int64]  # position among the open deals; -1 for a new deal, and after the first win
    amount: NDArray[np.int64]
    enters_on: NDArray[np.float64]
    leaves_on: NDArray[np.float64]
    segment: NDArray[np.uint32]
    stage: NDArray[np.uint32]
    goes_to: NDArray[np.int64]  # the destination that ends the stay
    u_first: NDArray[np.float64]  # the uniforms of the event at hand
    u_second: NDArray[np.float64]


@njit(cache=True, nogil=True)
def play_futures(plan: KernelPlan, first: int, results: Results) -> None:
    """Play the futures ``first, first + 1, ...``, as many as `results` has rows, and add to `results`."""
    tables = empty_tables(plan)
    in_play = _room_for_a_block()
    arrivals = np.zeros((len(plan.arrival_key), plan.horizon_days), np.int64)
    at = np.zeros(3, np.int64)
    for row in range(results.bookings.shape[0]):
        future = first + row
        fill_tables(plan, tables, future)
        _count_arrivals(plan, tables, future, arrivals)
        n_begun = _NONE
        at[:] = 0
        while True:
            origin = _NEW
            if n_begun < len(plan.deal_key):
                origin = _OPEN
                n = _begin_open_deals(plan, tables, future, n_begun, in_play)
            else:
                n = _begin_new_deals(plan, future, arrivals, at, in_play, results.entered[row])
                _begin_stays(plan, tables, future, _FIRST_VISIT, in_play, n)
            if n == 0:
                break
            n_begun += n
            for visit in range(_FIRST_VISIT + 1, MAX_VISITS + 1):
                n = _end_stays(plan, tables, future, origin, in_play, n, results, row)
                if n == 0:
                    break
                _begin_stays(plan, tables, future, visit, in_play, n)
            results.capped[0] += n
            _stop_in_place(plan, in_play, n, results.open_at_end[row])
        _running_sum_over_periods(results.open_at_end[row])


@njit(cache=True)
def _room_for_a_block() -> _InPlay:
    """Allocate room for a block of deals."""
    return _InPlay(
        np.empty(_BLOCK, np.uint64),
        np.empty(_BLOCK, np.int64),
        np.empty(_BLOCK, np.int64),
        np.empty(_BLOCK, np.float64),
        np.empty(_BLOCK, np.float64),
        np.empty(_BLOCK, np.uint32),
        np.empty(_BLOCK, np.uint32),
        np.empty(_BLOCK, np.int64),
        np.empty(_BLOCK, np.float64),
        np.empty(_BLOCK, np.float64),
    )


@njit(cache=True)
def _count_arrivals(plan: KernelPlan, tables: Tables, future: int, arrivals: NDArray[np.int64]) -> None:
    """Draw how many deals arrive per segment and day."""
    draw = plan.draw_of_future[future]
    for segment in range(arrivals.shape[0]):
        for day in range(plan.horizon_days):
            epoch = plan.epoch_of_day[day]
            mean = plan.arrival_mean[draw, segment] * tables.arrival_factor[epoch, segment]
            mean = mean * plan.arrival_trend_factor[draw, day] + tables.arrival_add[epoch, segment]
            mean *= plan.arrival_weekday_factor[draw, day]
            n = 0
            if mean > 0.0:
                key = plan.arrival_key[segment] + np.uint64(day)
                u, _ = uniforms(plan.seed, future, key, _FIRST_VISIT, ARRIVALS)
                n = count(mean, plan.arrival_size[draw, segment], u)
            arrivals[segment, day] = n


@njit(cache=True)
def _begin_open_deals(plan: KernelPlan, tables: Tables, future: int, start: int, in_play: _InPlay) -> int:
    """Put a block of the deals open at the as-of date in play, each given how long it has waited already.

    The move is drawn from p S(age) / sum, the time from T given T > age. The wait so far happened without
    levers, so survival is the posterior's; levers act on the moves' probabilities and on the time that remains.
    Returns how many deals there are in the block.
    """
    draw = plan.draw_of_future[future]
    epoch = plan.epoch_of_day[0]
    n_slots = plan.destination.shape[1]
    weight = np.empty(n_slots)
    n = min(_BLOCK, len(plan.deal_key) - start)
    in_play.key[:n] = plan.deal_key[start : start + n]
    fill_uniforms(plan.seed, future, in_play.key, n, _FIRST_VISIT, STAY, in_play.u_first, in_play.u_second)
    for i in range(n):
        deal = start + i
        stage = plan.deal_stage[deal]
        segment = plan.deal_segment[deal]
        age = plan.deal_age[deal]
        u_move, u_days = in_play.u_first[i], in_play.u_second[i]
        probability = tables.probability[epoch, stage, segment]
        destination = plan.destination[stage]
        family = plan.family[stage]
        scale = plan.scale[draw, stage, segment]
        shape = plan.shape[draw, stage, segment]
        total = 0.0
        for slot in range(n_slots):
            weight[slot] = probability[slot]
            if weight[slot] > 0.0 and destination[slot] != NOWHERE:
                weight[slot] *= survival(family[slot], scale[slot], shape[slot], age)
            total += weight[slot]
        if total > _LEAST_WEIGHT:
            slot = _choose(weight, u_move * total)
            days = math.inf
            if destination[slot] != NOWHERE:
                u_left = min(u_days * weight[slot] / probability[slot], _MOST_OF_ONE)
                days = exceeded(family[slot], scale[slot], shape[slot], u_left) - age
        else:
            slot, days = _beyond_floats(u_move, u_days, age, probability, destination, family, scale, shape)
        leaves_on = _with_levers(
            max(0.0, days),
            tables.time_factor[epoch, stage, segment, slot],
            tables.cap_days[epoch, stage, segment, slot],
            tables.cap_weight[epoch, stage, segment, slot],
        )
        in_play.deal[i] = deal
        in_play.amount[i] = plan.deal_amount[deal]
        in_play.segment[i] = segment
        in_play.stage[i] = stage
        in_play.enters_on[i] = 0.0
        if plan.deal_forced[deal] == NOT_FORCED:
            in_play.leaves_on[i] = leaves_on
            in_play.goes_to[i] = destination[slot]
        else:
            in_play.leaves_on[i] = plan.deal_forced_day[deal]
            in_play.goes_to[i] = plan.deal_forced[deal]
    return n


@njit(cache=True)
def _begin_new_deals(
    plan: KernelPlan,
    future: int,
    arrivals: NDArray[np.int64],
    at: NDArray[np.int64],
    in_play: _InPlay,
    entered: NDArray[np.int32],
) -> int:
    """Put the next block of the deals that arrive in play, their first stays not drawn yet; return how many there are.

    `at` holds the segment, day and ordinal to begin with, and afterwards those to go on with.
    """
    n = _next_arrivals(plan, arrivals, at, in_play)
    fill_uniforms(plan.seed, future, in_play.key, n, _FIRST_VISIT, BIRTH, in_play.u_first, in_play.u_second)
    for i in range(n):
        segment = in_play.segment[i]
        stage = 0
        while in_play.u_second[i] >= plan.entry_cumulative[segment, stage]:
            stage += 1
        entered[plan.period_of_day[int(in_play.enters_on[i])], plan.group_of_segment[segment], stage] += 1
        in_play.stage[i] = stage
        in_play.enters_on[i] += min(in_play.u_first[i], _LATEST_TIME_OF_DAY)
    return n


@njit(cache=True)
def _next_arrivals(plan: KernelPlan, arrivals: NDArray[np.int64], at: NDArray[np.int64], in_play: _InPlay) -> int:
    """Write down keys, segments and days of the next block of new deals, and return how many there are."""
    i = _NONE
    for segment in range(at[0], arrivals.shape[0]):
        for day in range(at[1], plan.horizon_days):
            for ordinal in range(at[2], arrivals[segment, day]):
                if i == _BLOCK:
                    at[0], at[1], at[2] = segment, day, ordinal
                    return i
                # Days and ordinals have bits of their own, counted up from the segment's random key.
                in_play.key[i] = plan.arrival_key[segment] + ((np.uint64(day) << np.uint64(32)) | np.uint64(ordinal))
                in_play.deal[i] = -1
                in_play.amount[i] = -1
                in_play.segment[i] = segment
                in_play.enters_on[i] = day
                i += 1
            at[2] = 0
        at[1] = 0
    at[0] = arrivals.shape[0]
    return i


@njit(cache=True)
def _begin_stays(plan: KernelPlan, tables: Tables, future: int, visit: int, in_play: _InPlay, n: int) -> None:
    """Draw how the stays that n deals have just begun will end, and when."""
    draw = plan.draw_of_future[future]
    fill_uniforms(plan.seed, future, in_play.key, n, visit, STAY, in_play.u_first, in_play.u_second)
    for i in range(n):
        stage = in_play.stage[i]
        segment = in_play.segment[i]
        epoch = np.uint64(plan.epoch_of_day[np.uint64(in_play.enters_on[i])])
        cumulative = tables.cumulative[epoch, stage, segment]
        slot = np.uint64(0)
        for k in range(len(cumulative) - 1):  # counted without a branch, which would be mispredicted every other time
            slot += np.uint64(in_play.u_first[i] >= cumulative[k])
        in_play.goes_to[i] = plan.destination[stage, slot]
        if in_play.goes_to[i] == NOWHERE:
            in_play.leaves_on[i] = math.inf
            continue
        scale = plan.scale[draw, stage, segment, slot]
        shape = plan.shape[draw, stage, segment, slot]
        days = _with_levers(
            exceeded(plan.family[stage, slot], scale, shape, in_play.u_second[i]),
            tables.time_factor[epoch, stage, segment, slot],
            tables.cap_days[epoch, stage, segment, slot],
            tables.cap_weight[epoch, stage, segment, slot],
        )
        in_play.leaves_on[i] = in_play.enters_on[i] + days


@njit(cache=True)
def _end_stays(
    plan: KernelPlan,
    tables: Tables,
    future: int,
    origin: int,
    in_play: _InPlay,
    n: int,
    results: Results,
    row: int,
) -> int:
    """End the stay of each deal in play, count it, and return how many deals go on to another stage."""
    n_stages = plan.destination.shape[0]
    draw = plan.draw_of_future[future]
    entered, left_forward, open_at_end = results.entered[row], results.left_forward[row], results.open_at_end[row]
    kept = _NONE
    for i in range(n):
        leaves_on = in_play.leaves_on[i]
        enters_day = np.uint64(in_play.enters_on[i])
        segment = in_play.segment[i]
        stage = in_play.stage[i]
        group = np.uint64(plan.group_of_segment[segment])
        open_at_end[np.uint64(plan.period_of_day[enters_day]), group, stage] += 1
        if not leaves_on < plan.horizon_days:
            continue
        day = np.uint64(leaves_on)
        period = np.uint64(plan.period_of_day[day])
        open_at_end[period, group, stage] -= 1
        destination = in_play.goes_to[i]
        left_forward[period, group, stage] += destination == plan.destination[stage, 0]
        key = in_play.key[i]
        amount = in_play.amount[i]
        deal = in_play.deal[i]
        if destination >= n_stages:
            outcome = destination - n_stages
            if plan.outcome_won[outcome]:
                worth = float(amount)
                scale = plan.amount_scale[draw, segment]
                if worth < 0.0 and scale > 0.0:
                    u, _ = uniforms(plan.seed, future, key, _FIRST_VISIT, AMOUNT)
                    worth = exceeded_by_log(plan.amount_family, scale, plan.amount_shape[draw, segment], math.log(u))
                epoch = plan.epoch_of_day[enters_day]
                worth = max(worth, 0.0) * tables.amount_factor[epoch, origin, segment]
                worth += tables.amount_add[epoch, origin, segment]
                results.bookings[row, period, group, origin] += round(min(max(worth, 0.0), _MOST_MINOR_UNITS))
                results.wins[row, period, group, origin] += 1
                if deal >= 0:
                    results.deal_wins[deal] += 1
                    results.deal_win_days[deal] += np.int64(day)
                    deal = -1
            destination = plan.outcome_resumes[outcome]
            if destination == NOWHERE:
                continue
        stage = np.uint32(destination)
        entered[period, group, stage] += 1
        in_play.enters_on[kept] = leaves_on
        in_play.key[kept] = key
        in_play.deal[kept] = deal
        in_play.amount[kept] = amount
        in_play.segment[kept] = segment
        in_play.stage[kept] = stage
        kept += 1
    return kept


@njit(inline="always")
def _with_levers(days: float, time_factor: float, cap_days: float, cap_weight: float) -> float:
    """Stretch a stay, then cap it as far as the cap has faded in."""
    stretched = min(max(days * time_factor, 0.0), _MOST_DAYS)
    return stretched - cap_weight * max(0.0, stretched - cap_days)


@njit(inline="always")
def _choose(weight: NDArray[np.float64], reach: float) -> int:
    """Return the slot in which the running sum of weights passes `reach`; never one without weight."""
    chosen = 0
    total = 0.0
    for slot in range(len(weight)):
        if weight[slot] > 0.0:
            chosen = slot
            total += weight[slot]
            if reach < total:
                break
    return chosen


@njit(cache=True)
def _beyond_floats(
    u_move: float,
    u_days: float,
    age: float,
    probability: NDArray[np.float64],
    destination: NDArray[np.int64],
    family: NDArray[np.int64],
    scale: NDArray[np.float64],
    shape: NDArray[np.float64],
) -> tuple[int, float]:
    """Draw move and days left of a deal so old that the survivals of all its moves are below the range of floats."""
    weight = np.full(len(probability), -math.inf)
    for slot in range(len(probability)):
        if probability[slot] > 0.0 and destination[slot] != NOWHERE:
            weight[slot] = math.log(probability[slot]) + log_survival(family[slot], scale[slot], shape[slot], age)
    best = np.max(weight)
    if best == -math.inf:  # older than any stay can be (constant times only): it moves on at once
        slot = _choose(probability, u_move)
        return slot, 0.0 if destination[slot] != NOWHERE else math.inf
    total = 0.0
    for slot in range(len(weight)):
        weight[slot] = math.exp(weight[slot] - best)
        total += weight[slot]
    slot = _choose(weight, u_move * total)
    log_s = math.log(u_days) + log_survival(family[slot], scale[slot], shape[slot], age)
    return slot, exceeded_by_log(family[slot], scale[slot], shape[slot], log_s) - age


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
