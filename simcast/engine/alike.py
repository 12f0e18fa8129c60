"""The chances of open deals given their age, computed once for consecutive deals that are alike.

Deals are alike that have the same stage, segment and ages and, where conversion goes with the amount, the same amount.
Which ones are is the same in all futures. A future's shares are first looked up as logarithms, then raised to their
powers in one loop without branches or calls: to weigh a kind by the survival functions of `simcast.engine.samplers`
takes ten times as long as to draw a stay.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.amount_slope import effect_of_amount, odds_of
from simcast.engine.bits import PER_LOG
from simcast.engine.block import BLOCK, unsigned
from simcast.engine.inner import inner
from simcast.engine.layout import NOWHERE, KernelPlan
from simcast.engine.location_scale import LEAST_POWER, power_of_two
from simcast.engine.normal import normal_log_survival_by_table
from simcast.engine.samplers import HAZARD_CODE, LOGNORMAL, log_survival
from simcast.engine.tables import Tables, shift_moves

LEAST_WEIGHT = 1e-280
"""Below this, an open deal's chances are weighed by their logarithms."""

_LOG_OF_NO_AGE = -1e300


class Alike(NamedTuple):
    """The kinds of open deals, and of those of a block, what they share in one future: in rows of slots."""

    kind: NDArray[np.uint32]  # (n_deals,): by deal, its row
    first: NDArray[np.int64]  # (n_kinds,): by kind, one of its deals; kinds end where blocks do
    begins: NDArray[np.int64]  # (n_blocks + 1,): where a block's kinds begin in `first`
    place: NDArray[np.uint32]  # (n_kinds * n_slots,): the row of `Tables.standard`
    log_age: NDArray[np.float64]  # (n_kinds * n_slots,)
    has_other: NDArray[np.bool_]  # (1,): whether some days are neither lognormal nor have hazards
    total: NDArray[np.float64]  # (BLOCK,): the sum of weights; 0 where days have hazards
    reach: NDArray[np.float64]  # (BLOCK * n_slots,): running sums of the moves' weights, as shares of the whole
    lasting: NDArray[np.float64]  # (BLOCK * n_slots,): the share of stays that is left at this age
    waited: NDArray[np.float64]  # (BLOCK * n_slots,): the days so far, stretched as those to come
    own: NDArray[np.float64]  # (n_slots,)
    weight: NDArray[np.float64]  # (n_slots,)
    age: NDArray[np.float64]  # (n_slots,)


def room_for_the_alike(plan: KernelPlan) -> Alike:
    """Allocate room for the kinds of a plan's open deals, as many as deals, and for what those of a block share."""
    n_deals, n_slots = len(plan.deal_key), plan.destination.shape[1]
    return Alike(
        np.empty(n_deals, np.uint32),
        np.empty(n_deals, np.int64),
        np.zeros((n_deals + BLOCK - 1) // BLOCK + 1, np.int64),
        np.empty(n_deals * n_slots, np.uint32),
        np.empty(n_deals * n_slots),
        np.zeros(1, np.bool_),
        np.empty(BLOCK),
        np.empty(BLOCK * n_slots),
        np.empty(BLOCK * n_slots),
        np.empty(BLOCK * n_slots),
        np.empty(n_slots),
        np.empty(n_slots),
        np.empty(n_slots),
    )


@inner
def find_the_alike(plan: KernelPlan, alike: Alike) -> None:
    """Find out which open deals are alike, which is the same in all futures."""
    n_kinds = _find_kinds(plan, alike.kind, alike.first, alike.begins)
    _describe_kinds(plan, alike, n_kinds)


@inner
def _find_kinds(plan: KernelPlan, kind: NDArray[np.uint32], first: NDArray[np.int64], begins: NDArray[np.int64]) -> int:
    """Write which kind each deal is of, and return how many kinds there are."""
    n_kinds = row = 0
    for deal in range(len(plan.deal_key)):
        if deal % BLOCK == 0 or not _are_alike(plan, deal - 1, deal):
            row = 0 if deal % BLOCK == 0 else row + 1
            first[n_kinds] = deal
            n_kinds += 1
        kind[deal] = row
        begins[deal // BLOCK + 1] = n_kinds
    return n_kinds


@inner
def _describe_kinds(plan: KernelPlan, alike: Alike, n_kinds: int) -> None:
    """Write down what is the same in all futures of the deals of each kind."""
    n_segments, n_slots = plan.probability.shape[2], plan.destination.shape[1]
    for i in range(n_kinds):
        deal = alike.first[i]
        stage, segment = plan.deal_stage[deal], plan.deal_segment[deal]
        for slot in range(n_slots):
            age = plan.deal_age[deal, slot]
            alike.place[i * n_slots + slot] = (stage * n_segments + segment) * n_slots + slot
            alike.log_age[i * n_slots + slot] = math.log(age) if age > 0.0 else _LOG_OF_NO_AGE
            leads = plan.destination[stage, slot] != NOWHERE
            if leads and plan.family[stage, slot] not in (LOGNORMAL, HAZARD_CODE):
                alike.has_other[0] = True


@njit(inline="always")
def _are_alike(plan: KernelPlan, one: int, other: int) -> bool:
    """Return whether two deals are weighed alike in all futures."""
    same: bool = plan.deal_stage[one] == plan.deal_stage[other] and plan.deal_segment[one] == plan.deal_segment[other]
    for slot in range(plan.deal_age.shape[1]):
        same = same and plan.deal_age[one, slot] == plan.deal_age[other, slot]
    if same and len(plan.amount_slope) > 0:
        a, b = plan.deal_log_amount[one], plan.deal_log_amount[other]
        same = a == b or (math.isnan(a) and math.isnan(b))
    return same


@inner
def weigh_the_alike(plan: KernelPlan, tables: Tables, alike: Alike, future: int, start: int) -> bool:
    """Weigh the moves of each kind of deal in the block that begins at `start`; tell whether some need logarithms."""
    block, n_slots = unsigned(start // BLOCK), unsigned(plan.destination.shape[1])
    begin, end = unsigned(alike.begins[block]), unsigned(alike.begins[block + unsigned(1)])
    first, n_rows = begin * n_slots, (end - begin) * n_slots
    for i in range(n_rows):
        place = alike.place[first + i]
        z = (alike.log_age[first + i] - tables.standard[place, 0]) * tables.standard[place, 1]
        alike.lasting[i] = normal_log_survival_by_table(z) * PER_LOG
    if alike.has_other[0]:
        _look_up_others(plan, alike, plan.draw_of_future[future], begin, end)
    for i in range(n_rows):
        power = alike.lasting[i]
        alike.lasting[i] = power_of_two(power) if power > LEAST_POWER else 0.0
    return _write_rows(plan, tables, alike, future, begin, end)


@inner
def _look_up_others(plan: KernelPlan, alike: Alike, draw: int, begin: int, end: int) -> None:
    """Write what is left of stays whose days are not lognormal, as powers of two."""
    at = unsigned(0)
    for kind in range(begin, end):
        deal = alike.first[kind]
        stage, segment = plan.deal_stage[deal], plan.deal_segment[deal]
        for slot in range(plan.destination.shape[1]):
            family = plan.family[stage, slot]
            if plan.destination[stage, slot] != NOWHERE and family not in (LOGNORMAL, HAZARD_CODE):
                scale, shape = plan.scale[draw, stage, segment, slot], plan.shape[draw, stage, segment, slot]
                alike.lasting[at] = log_survival(family, scale, shape, plan.deal_age[deal, slot]) * PER_LOG
            at += unsigned(1)


@inner
def _write_rows(plan: KernelPlan, tables: Tables, alike: Alike, future: int, begin: int, end: int) -> bool:
    """Write the rows of all kinds in a block; deals to be drawn otherwise keep their uniforms as they are."""
    draw, epoch, n_slots = plan.draw_of_future[future], plan.epoch_of_day[0], unsigned(plan.destination.shape[1])
    has_slope, any_beyond = len(plan.amount_slope) > 0, False
    at = unsigned(0)
    for kind in range(begin, end):
        deal = alike.first[kind]
        stage, segment, age = plan.deal_stage[deal], plan.deal_segment[deal], plan.deal_age[deal]  # ages by slot
        probability, time_factor = tables.probability[epoch, stage, segment], tables.time_factor[epoch, stage, segment]
        by_day = plan.hazard_row[stage] != NOWHERE
        if has_slope and not by_day:
            shift_moves(probability, odds_of(effect_of_amount(plan, draw, stage, segment, deal)), alike.own)
            probability = alike.own
        total, last = 0.0, unsigned(0)
        for slot in range(n_slots):
            weight = probability[slot] * alike.lasting[at + slot]
            total += weight
            alike.reach[at + slot] = total
            alike.waited[at + slot] = age[slot] * time_factor[slot]
            last = slot if weight > 0.0 else last
        total = 0.0 if by_day else total
        alike.total[kind - begin] = total
        is_beyond = total <= LEAST_WEIGHT
        any_beyond = any_beyond or (is_beyond and not by_day)
        share = 1.0 / total if total > LEAST_WEIGHT else 1.0
        for slot in range(n_slots):
            # From the last slot with weight on 1 whatever the rounding, so that none without weight is chosen.
            alike.reach[at + slot] = 1.0 if slot >= last or is_beyond else alike.reach[at + slot] * share
            alike.lasting[at + slot] = 1.0 if is_beyond else alike.lasting[at + slot]
        at += n_slots
    return any_beyond
