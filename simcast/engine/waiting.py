"""What a wait does to the stay that follows it: it ends later, and is less likely to end in the forward move.

The odds of the forward move are multiplied as by a conversion lever: what it gains all others lose in proportion, the
share that never ends among them, and the days of each move stay. A stay is drawn again from the uniforms that it had,
so that no luck changes but by the wait.
"""

from __future__ import annotations

import math
from typing import NamedTuple, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.amount_slope import OwnLaw, effect_of_amount, fill_law, odds_of, room_for_a_law
from simcast.engine.block import after_days
from simcast.engine.capacity_layout import FOREVER, CapacityPlan
from simcast.engine.clock import end_on_clock
from simcast.engine.hazard import hazard_isf
from simcast.engine.inner import inner
from simcast.engine.layout import NOWHERE, ODDS, KernelPlan
from simcast.engine.rng import STAY, uniforms
from simcast.engine.samplers import isf_of_log
from simcast.engine.tables import Tables, choose, shift_forward, shift_moves, with_levers

_LOG_2 = math.log(2.0)
# Typed constants, since Numba compiles a function anew for each plain number that it is called with.
NO_DEAL, _ODDS = cast("int", np.int64(-1)), cast("int", np.int64(ODDS))
_AT_ONCE = 1.0


class Desk(NamedTuple):
    """Room to work out how one stay ends."""

    law: OwnLaw
    shifted: NDArray[np.float64]  # (n_slots,)


def room_for_a_desk(plan: KernelPlan) -> Desk:
    """Allocate room to work out how one stay ends."""
    return Desk(room_for_a_law(plan), np.empty(plan.destination.shape[1]))


@njit(inline="always")
def effect_of_wait(capacity: CapacityPlan, stage: int, future: int, wait: float) -> float:
    """Return what a wait adds to the log odds of the forward move: 0 without an assumption about it."""
    effect = 0.0
    half_life = capacity.half_life[stage, future]
    if half_life < FOREVER:
        effect = -_LOG_2 * (wait - capacity.usual_wait[stage]) / half_life
    if capacity.table_days.shape[1] > 0:
        effect += _between(wait, capacity.table_days[stage], capacity.table_log_odds[stage])
    return effect


@njit(inline="always")
def _between(x: float, xs: NDArray[np.float64], ys: NDArray[np.float64]) -> float:
    """Read a table, with straight lines between its points and its ends beyond them."""
    at = 0
    while at < len(xs) and xs[at] <= x:
        at += 1
    if at in (0, len(xs)):
        end: float = ys[0] if at == 0 else ys[-1]
        return end
    part = (x - xs[at - 1]) / (xs[at] - xs[at - 1])
    inside: float = ys[at - 1] + part * (ys[at] - ys[at - 1])
    return inside


@njit(inline="always")
def allowed_wait(capacity: CapacityPlan, epoch: int, stage: int, segment: int, future: int, wait: float) -> float:
    """Return a wait as levers cap it, as far as they have faded in."""
    effects = capacity.on_response
    for i in range(len(effects.operation)):
        if effects.stage[i] == stage and effects.segments[i, segment]:
            most = effects.value[i, future]
            if wait > most:  # a wait for ever, less what it is too long, would lose all its digits
                wait = most + (1.0 - effects.weight[i, epoch]) * (wait - most)
    return wait


@inner
def draw_again(
    plan: KernelPlan,
    tables: Tables,
    desk: Desk,
    future: int,
    key: np.uint64,
    visit: int,
    deal: int,
    stage: int,
    segment: int,
    enters_on: float,
    begins_on: float,
    effect: float,
) -> tuple[int, float]:
    """Return the move that ends a stay, and when, whose forward odds a wait has multiplied by ``exp(effect)``."""
    draw, epoch = plan.draw_of_future[future], plan.epoch_of_day[int(enters_on)]
    own = effect_of_amount(plan, draw, stage, segment, deal) if deal > NO_DEAL and len(plan.amount_slope) > 0 else 0.0
    u_move, u_days = uniforms(plan.seed, future, key, visit, STAY)
    row, law, shifted = plan.hazard_row[stage], desk.law, desk.shifted
    if row != NOWHERE and own != 0.0:
        fill_law(plan, tables, draw, epoch, stage, segment, own, law)
        for slot in range(len(shifted)):
            shifted[slot] = law.probability[slot]
    else:
        shift_moves(tables.probability[epoch, stage, segment], odds_of(own), shifted)
    shift_forward(shifted, _ODDS, odds_of(effect), _AT_ONCE)
    slot = choose(shifted, u_move)
    if plan.destination[stage, slot] == NOWHERE:
        return slot, math.inf
    if row == NOWHERE:
        scale, shape = plan.scale[draw, stage, segment, slot], plan.shape[draw, stage, segment, slot]
        days = isf_of_log(plan.family[stage, slot], scale, shape, math.log(u_days))
    elif own != 0.0:
        days = hazard_isf(law.survival[slot], law.total, plan.hazard_start, u_days)
    else:
        lasting, total = tables.hazard_survival[row, segment, slot], tables.hazard_total[row, segment]
        days = hazard_isf(lasting, total, plan.hazard_start, u_days)
    place = (epoch, stage, segment, slot)
    days = with_levers(days, tables.time_factor[place], tables.cap_days[place], tables.cap_weight[place])
    leaves_on = after_days(begins_on, days) if row != NOWHERE else begins_on + days
    clock = plan.clock_of[stage, slot]
    if clock == NOWHERE:
        return slot, leaves_on
    passed, from_day = tables.clock_passed[clock], tables.clock_from_day[clock]
    opening = plan.clock_opening[clock]
    return slot, end_on_clock(passed, opening, from_day, begins_on, leaves_on, row != NOWHERE, False)


@inner
def point_90(waits: NDArray[np.float64], n_waits: int, n_stays: int) -> float:
    """Return the 90% point of n stays' waits, of which those that are not 0 are given in order."""
    if n_stays == 0:
        return 0.0
    place = 0.9 * (n_stays - 1)
    zeros, at = n_stays - n_waits, int(place)
    if at + 1 < zeros:
        return 0.0
    low = waits[at - zeros] if at >= zeros else 0.0
    high = waits[at + 1 - zeros] if at + 1 < n_stays else low
    between: float = low + (place - at) * (high - low)
    return between
