"""The parameters of one future: posterior draw and levers worked out per epoch, before any deal is played.

Doing this once per future leaves the deals' loop a plain look-up, whatever the number of levers.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.apart import apart
from simcast.engine.block import unsigned
from simcast.engine.clock import wind_clocks
from simcast.engine.hazard import fill_survival, hazard_isf
from simcast.engine.inner import inner
from simcast.engine.layout import ADD, CAP, MOVE_ODDS, MULTIPLY, NEW, NOWHERE, ODDS, OPEN, SET, Effects, KernelPlan
from simcast.engine.location_scale import OTHER_FAMILY, STANDARD_LAW, shape_in_powers
from simcast.engine.samplers import HAZARD_CODE, LOGNORMAL, isf_of_log

_HALF = 0.5
_LOG_HALF = math.log(_HALF)

_FAR_ABOVE = 1e300

MOST_DAYS = 1e9
"""Stays are cut here, so that a cap on an overflowed time is a cap and not a NaN."""


class Tables(NamedTuple):
    """One future's parameters, by epoch."""

    probability: NDArray[np.float64]
    """(n_epochs, n_stages, n_segments, n_slots)"""
    cumulative: NDArray[np.float64]
    """(n_epochs, n_stages, n_segments, n_slots): running sums of `probability`."""
    time_factor: NDArray[np.float64]
    """(n_epochs, n_stages, n_segments, n_slots): stretches a stay."""
    cap_days: NDArray[np.float64]
    """(n_epochs, n_stages, n_segments, n_slots): the longest stay; infinite without a cap."""
    cap_weight: NDArray[np.float64]
    """(n_epochs, n_stages, n_segments, n_slots): how far the cap has faded in."""
    arrival_factor: NDArray[np.float64]
    """(n_epochs, n_segments)"""
    arrival_add: NDArray[np.float64]
    """(n_epochs, n_segments): new deals per day."""
    amount_factor: NDArray[np.float64]
    """(n_epochs, 2, n_segments): by origin, OPEN or NEW."""
    amount_add: NDArray[np.float64]
    """(n_epochs, 2, n_segments): minor units."""
    hazard_survival: NDArray[np.float64]
    """(n_rows, n_segments, n_slots - 1, n_pieces + 1): `survival` of `fill_survival`."""
    hazard_total: NDArray[np.float64]
    """(n_rows, n_segments, n_pieces): `total` of `fill_survival`."""
    reach: NDArray[np.float64]
    """(n_epochs * n_stages * n_segments * n_slots,): `cumulative` as one row, a view of the same memory."""
    days: NDArray[np.float64]
    """(n_epochs * n_stages * n_segments * n_slots, 4): of families with a location and a scale: the levered scale, the
    shape in powers of two, `cap_days` and `cap_weight` (0 where no lever caps days), side by side since they are needed
    together. Slots that lead nowhere last `MOST_DAYS`."""
    law: NDArray[np.uint32]
    """(n_epochs * n_stages * n_segments * n_slots,): where the table of the days' standard law begins; 0 for other
    families. The same in all futures."""
    clock_passed: NDArray[np.float64]
    """(n_clocks, horizon_days + 1): operational days passed by the beginning of each day, see `clock`."""
    clock_from_day: NDArray[np.int64]
    """(n_clocks, n_wholes): the day on which each clock passes 0, 1, 2, ... operational days."""
    standard: NDArray[np.float64]
    """(n_stages * n_segments * n_slots, 2): of lognormal days before any lever, with which a log of days less the first
    times the second is a standard normal quantile; elsewhere such that this is always far below."""
    hazard_probability: NDArray[np.float64]
    """(n_slots,): where `fill_survival` writes what `probability` holds already."""


def empty_tables(plan: KernelPlan) -> Tables:
    """Allocate the tables of one thread; every future overwrites them."""
    n_epochs = int(plan.epoch_of_day[-1]) + 1
    _, n_stages, n_segments, n_slots = plan.probability.shape
    n_rows, n_pieces = plan.hazard_rate.shape[1], plan.hazard_rate.shape[3]
    shape = (n_epochs, n_stages, n_segments, n_slots)
    cumulative, law = np.empty(shape), np.where(STANDARD_LAW == OTHER_FAMILY, 0, STANDARD_LAW)[plan.family]
    return Tables(
        np.empty(shape),
        cumulative,
        np.empty(shape),
        np.empty(shape),
        np.empty(shape),
        np.empty((n_epochs, n_segments)),
        np.empty((n_epochs, n_segments)),
        np.empty((n_epochs, 2, n_segments)),
        np.empty((n_epochs, 2, n_segments)),
        np.empty((n_rows, n_segments, n_slots - 1, n_pieces + 1)),
        np.empty((n_rows, n_segments, n_pieces)),
        cumulative.reshape(-1),
        np.zeros((cumulative.size, 4)),
        np.broadcast_to(law[:, None], shape).ravel().astype(np.uint32),
        plan.clock_passed.copy(),
        plan.clock_from_day.copy(),
        np.empty((n_stages * n_segments * n_slots, 2)),
        np.empty(n_slots),
    )


@apart
def fill_tables(plan: KernelPlan, tables: Tables, future: int) -> None:
    """Work out the parameters of one future."""
    draw = plan.draw_of_future[future]
    _start_from(plan.probability[draw], tables.probability)
    tables.time_factor[:] = 1.0
    tables.cap_days[:] = math.inf
    tables.cap_weight[:] = 0.0
    tables.arrival_factor[:] = 1.0
    tables.arrival_add[:] = 0.0
    tables.amount_factor[:] = 1.0
    tables.amount_add[:] = 0.0
    for operation in (SET, ODDS, MOVE_ODDS, MULTIPLY, ADD):
        _apply_conversion(plan.on_conversion, future, operation, tables.probability)
    if len(plan.month_speed) > 0:
        wind_clocks(plan, future, tables.clock_passed, tables.clock_from_day)
    _fill_hazards(plan, tables, draw)
    _apply_duration(plan, tables, future)
    apply_arrivals(plan.on_arrivals, future, plan.arrival_mean[draw], tables.arrival_factor, tables.arrival_add)
    _apply_amount(plan.on_amount, future, tables.amount_factor, tables.amount_add)
    _accumulate(plan.on_conversion, tables.probability, tables.cumulative)
    _put_side_by_side(plan, tables, draw)
    _standardise(plan, tables, draw)


@inner
def _start_from(drawn: NDArray[np.float64], probability: NDArray[np.float64]) -> None:
    """Copy a draw's probabilities to each epoch."""
    n_epochs, n_stages, n_segments, n_slots = probability.shape
    for epoch in range(n_epochs):
        for stage in range(n_stages):
            for segment in range(n_segments):
                for slot in range(n_slots):
                    probability[epoch, stage, segment, slot] = drawn[stage, segment, slot]


@inner
def _apply_conversion(effects: Effects, future: int, operation: int, probability: NDArray[np.float64]) -> None:
    """Change the forward probability by all effects of one operation; the other moves yield in proportion."""
    n_epochs, _, n_segments, _ = probability.shape
    for i in range(len(effects.operation)):
        if effects.operation[i] != operation:
            continue
        value = effects.value[i, future]
        for epoch in range(n_epochs):
            weight = effects.weight[i, epoch]
            if weight == 0.0:
                continue
            for segment in range(n_segments):
                if effects.segments[i, segment]:
                    shift_forward(probability[epoch, effects.stage[i], segment], operation, value, weight)


@inner
def shift_forward(probability: NDArray[np.float64], operation: int, value: float, weight: float) -> None:
    """Change slot 0 of one stage's probabilities and scale the others so that the sum stays 1."""
    before = probability[0]
    if operation == MOVE_ODDS:
        shift_moves(probability, 1.0 + weight * (value - 1.0), probability)
        return
    if operation == SET:
        after = before + weight * (value - before)
    elif operation == ODDS:
        odds = 1.0 + weight * (value - 1.0)
        after = before * odds / (1.0 - before + before * odds) if before < 1.0 or odds > 0.0 else 0.0
    elif operation == MULTIPLY:
        after = before * (1.0 + weight * (value - 1.0))
    else:
        after = before + weight * value
    after = min(1.0, max(0.0, after))
    if after == before:
        return
    rest = (1.0 - after) / (1.0 - before) if before < 1.0 else 0.0
    for slot in range(1, len(probability)):
        probability[slot] *= rest
    probability[0] = after
    if before >= 1.0 and len(probability) > 1:
        probability[1] = 1.0 - after  # in proportion to nothing: the first other move takes it, by convention lost


@inner
def with_odds(forward: float, others: float, odds: float) -> tuple[float, float]:
    """Multiply the odds of the forward move against the others together, their sum staying.

    Return what becomes of the forward move's probability, and the factor for each of the others.
    """
    if forward <= 0.0 or others <= 0.0:
        return forward, 1.0
    rest = (forward + others) / (forward * odds + others)
    return forward * odds * rest, rest


@inner
def shift_moves(probability: NDArray[np.float64], odds: float, shifted: NDArray[np.float64]) -> None:
    """Multiply the odds of the forward move, the first, among the moves; the last, never ending, stays as it is.

    `shifted` is written, and may be `probability` itself.
    """
    stalled = len(probability) - 1
    others = 0.0
    for slot in range(1, stalled):
        others += probability[slot]
    shifted[0], rest = with_odds(probability[0], others, odds)
    for slot in range(1, stalled):
        shifted[slot] = probability[slot] * rest
    shifted[stalled] = probability[stalled]


@inner
def _fill_hazards(plan: KernelPlan, tables: Tables, draw: int) -> None:
    """Work out how the stays end that have hazards by day."""
    for row in range(plan.hazard_rate.shape[1]):
        for segment in range(plan.hazard_factor.shape[2]):
            fill_survival(
                plan.hazard_rate[draw, row],
                plan.hazard_factor[draw, row, segment],
                plan.hazard_start,
                tables.hazard_survival[row, segment],
                tables.hazard_total[row, segment],
                tables.hazard_probability,
            )


@inner
def _median_days(plan: KernelPlan, tables: Tables, draw: int, stage: int, segment: int, slot: int) -> float:
    """Return the median days until a move, before any lever."""
    if plan.family[stage, slot] == HAZARD_CODE:
        row = plan.hazard_row[stage]
        survival, total = tables.hazard_survival[row, segment, slot], tables.hazard_total[row, segment]
        return hazard_isf(survival, total, plan.hazard_start, _HALF)
    scale, shape = plan.scale[draw, stage, segment, slot], plan.shape[draw, stage, segment, slot]
    return isf_of_log(plan.family[stage, slot], scale, shape, _LOG_HALF)


@inner
def _apply_duration(plan: KernelPlan, tables: Tables, future: int) -> None:
    """Stretch, set or cap the stays of a stage; to set a median is to stretch by its ratio to the present one."""
    effects, draw = plan.on_duration, plan.draw_of_future[future]
    n_epochs, _, n_segments, n_slots = tables.time_factor.shape
    for i in range(len(effects.operation)):
        stage = effects.stage[i]
        value = effects.value[i, future]
        for segment in range(n_segments):
            for slot in range(n_slots):
                if not (effects.segments[i, segment] and effects.slots[i, slot]):
                    continue
                ratio = value
                if effects.operation[i] == SET:
                    ratio /= _median_days(plan, tables, draw, stage, segment, slot)
                for epoch in range(n_epochs):
                    weight = effects.weight[i, epoch]
                    if effects.operation[i] == CAP:
                        tables.cap_days[epoch, stage, segment, slot] = value
                        tables.cap_weight[epoch, stage, segment, slot] = weight
                    else:
                        tables.time_factor[epoch, stage, segment, slot] *= 1.0 + weight * (ratio - 1.0)


@njit(inline="always")
def with_levers(days: float, time_factor: float, cap_days: float, cap_weight: float) -> float:
    """Stretch a stay, then cap it as far as the cap has faded in."""
    stretched = min(max(days * time_factor, 0.0), MOST_DAYS)
    return stretched - cap_weight * max(0.0, stretched - cap_days)


@njit(inline="always")
def choose(weight: NDArray[np.float64], reach: float) -> int:
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


@inner
def apply_arrivals(
    effects: Effects,
    future: int,
    mean: NDArray[np.float64],
    factor: NDArray[np.float64],
    add: NDArray[np.float64],
) -> None:
    """Multiply arrivals, or add a number per day, shared out by the segments' own arrivals."""
    n_epochs, n_segments = factor.shape
    for i in range(len(effects.operation)):
        chosen = effects.segments[i]
        total = 0.0
        n_chosen = 0
        for segment in range(n_segments):
            if chosen[segment]:
                total += mean[segment]
                n_chosen += 1
        for segment in range(n_segments):
            if not chosen[segment]:
                continue
            share = mean[segment] / total if total > 0.0 else 1.0 / n_chosen
            for epoch in range(n_epochs):
                weight = effects.weight[i, epoch]
                if effects.operation[i] == MULTIPLY:
                    factor[epoch, segment] *= 1.0 + weight * (effects.value[i, future] - 1.0)
                else:
                    add[epoch, segment] += weight * effects.value[i, future] * share


@inner
def _apply_amount(effects: Effects, future: int, factor: NDArray[np.float64], add: NDArray[np.float64]) -> None:
    """Multiply amounts or add to them: those of new deals and, where asked, those of open ones."""
    n_epochs, _, n_segments = factor.shape
    for i in range(len(effects.operation)):
        value = effects.value[i, future]
        for origin in range(OPEN if effects.on_open[i] else NEW, NEW + 1):
            for segment in range(n_segments):
                if not effects.segments[i, segment]:
                    continue
                for epoch in range(n_epochs):
                    weight = effects.weight[i, epoch]
                    if effects.operation[i] == MULTIPLY:
                        factor[epoch, origin, segment] *= 1.0 + weight * (value - 1.0)
                    else:
                        add[epoch, origin, segment] += weight * value


@inner
def _is_alike_in_all_epochs(effects: Effects, stage: int) -> bool:
    """Return whether none of these levers acts on a stage: one that fades in makes many epochs for its own only."""
    alike = True
    for i in range(len(effects.operation)):
        alike &= effects.stage[i] != stage
    return alike


@inner
def _accumulate(effects: Effects, probability: NDArray[np.float64], cumulative: NDArray[np.float64]) -> None:
    """Sum probabilities over slots; from the last possible slot on the sum is 1 whatever the rounding."""
    n_epochs, n_stages, n_segments, n_slots = probability.shape
    for stage in range(n_stages):
        is_alike = _is_alike_in_all_epochs(effects, stage)
        for epoch in range(n_epochs):
            if is_alike and epoch > 0:
                for segment in range(n_segments):
                    for slot in range(n_slots):
                        cumulative[epoch, stage, segment, slot] = cumulative[0, stage, segment, slot]
                continue
            for segment in range(n_segments):
                total = 0.0
                last = 0
                for slot in range(n_slots):
                    total += probability[epoch, stage, segment, slot]
                    cumulative[epoch, stage, segment, slot] = total
                    if probability[epoch, stage, segment, slot] > 0.0:
                        last = slot
                for slot in range(last, n_slots):
                    cumulative[epoch, stage, segment, slot] = 1.0


@inner
def _put_side_by_side(plan: KernelPlan, tables: Tables, draw: int) -> None:
    """Write what a stay is drawn with into the rows in which the kernel reads it."""
    n_epochs, n_stages, n_segments, n_slots = tables.cumulative.shape
    has_caps, at = False, unsigned(0)
    for i in range(len(plan.on_duration.operation)):
        has_caps |= plan.on_duration.operation[i] == CAP
    for epoch in range(n_epochs):
        for stage in range(n_stages):
            for segment in range(n_segments):
                for slot in range(n_slots):
                    here, leads = (epoch, stage, segment, slot), plan.destination[stage, slot] != NOWHERE
                    scale, shape = plan.scale[draw, stage, segment, slot], plan.shape[draw, stage, segment, slot]
                    tables.days[at, 0] = scale * tables.time_factor[here] if leads else MOST_DAYS
                    tables.days[at, 1] = shape_in_powers(plan.family[stage, slot], shape) if leads else 0.0
                    if has_caps:
                        tables.days[at, 2] = tables.cap_days[here]
                        tables.days[at, 3] = tables.cap_weight[here] if leads else 0.0
                    at += unsigned(1)


@inner
def _standardise(plan: KernelPlan, tables: Tables, draw: int) -> None:
    """Write what turns logarithms of days into standard normal quantiles."""
    _, n_stages, n_segments, n_slots = plan.probability.shape
    at = 0
    for stage in range(n_stages):
        for segment in range(n_segments):
            for slot in range(n_slots):
                tables.standard[at, 0], tables.standard[at, 1] = _FAR_ABOVE, 1.0
                if plan.family[stage, slot] == LOGNORMAL and plan.destination[stage, slot] != NOWHERE:
                    tables.standard[at, 0] = math.log(plan.scale[draw, stage, segment, slot])
                    tables.standard[at, 1] = 1.0 / plan.shape[draw, stage, segment, slot]
                at += 1
