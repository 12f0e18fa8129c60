"""The parameters of one future: posterior draw and levers worked out per epoch, before any deal is played.

Doing this once per future leaves the deals' loop a plain look-up, whatever the number of levers.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.layout import ADD, CAP, MULTIPLY, NEW, ODDS, OPEN, SET, Effects, KernelPlan
from simcast.engine.samplers import exceeded_by_log

_LOG_HALF = math.log(0.5)


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


@njit(cache=True)
def empty_tables(plan: KernelPlan) -> Tables:
    """Allocate the tables of one thread; every future overwrites them."""
    n_epochs = plan.epoch_of_day[-1] + 1
    _, n_stages, n_segments, n_slots = plan.probability.shape
    shape = (n_epochs, n_stages, n_segments, n_slots)
    return Tables(
        np.empty(shape),
        np.empty(shape),
        np.empty(shape),
        np.empty(shape),
        np.empty(shape),
        np.empty((n_epochs, n_segments)),
        np.empty((n_epochs, n_segments)),
        np.empty((n_epochs, 2, n_segments)),
        np.empty((n_epochs, 2, n_segments)),
    )


@njit(cache=True)
def fill_tables(plan: KernelPlan, tables: Tables, future: int) -> None:
    """Work out the parameters of one future."""
    draw = plan.draw_of_future[future]
    _start_from(plan.probability[draw], tables.probability)
    tables.time_factor.fill(1.0)
    tables.cap_days.fill(math.inf)
    tables.cap_weight.fill(0.0)
    tables.arrival_factor.fill(1.0)
    tables.arrival_add.fill(0.0)
    tables.amount_factor.fill(1.0)
    tables.amount_add.fill(0.0)
    for operation in (SET, ODDS, MULTIPLY, ADD):
        _apply_conversion(plan.on_conversion, future, operation, tables.probability)
    _apply_duration(
        plan.on_duration,
        future,
        plan.family,
        plan.scale[draw],
        plan.shape[draw],
        tables.time_factor,
        tables.cap_days,
        tables.cap_weight,
    )
    _apply_arrivals(plan.on_arrivals, future, plan.arrival_mean[draw], tables.arrival_factor, tables.arrival_add)
    _apply_amount(plan.on_amount, future, tables.amount_factor, tables.amount_add)
    _accumulate(tables.probability, tables.cumulative)


@njit(cache=True)
def _start_from(drawn: NDArray[np.float64], probability: NDArray[np.float64]) -> None:
    """Copy a draw's probabilities to each epoch."""
    n_epochs, n_stages, n_segments, n_slots = probability.shape
    for epoch in range(n_epochs):
        for stage in range(n_stages):
            for segment in range(n_segments):
                for slot in range(n_slots):
                    probability[epoch, stage, segment, slot] = drawn[stage, segment, slot]


@njit(cache=True)
def _apply_conversion(effects: Effects, future: int, operation: int, probability: NDArray[np.float64]) -> None:
    """Change the forward probability by all effects of one operation; the other moves yield in proportion."""
    n_epochs, _, n_segments, _ = probability.shape
    for i in range(len(effects.operation)):
        if effects.operation[i] != operation:
            continue
        value = effects.value[i, future]
        for epoch in range(n_epochs):
            for segment in range(n_segments):
                if effects.segments[i, segment]:
                    weight = effects.weight[i, epoch]
                    _shift_forward(probability[epoch, effects.stage[i], segment], operation, value, weight)


@njit(cache=True)
def _shift_forward(probability: NDArray[np.float64], operation: int, value: float, weight: float) -> None:
    """Change slot 0 of one stage's probabilities and scale the others so that the sum stays 1."""
    before = probability[0]
    if operation == SET:
        after = before + weight * (value - before)
    elif operation == ODDS:
        odds = 1.0 + weight * (value - 1.0)
        after = before * odds / (1.0 - before + before * odds)
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
        probability[1] = (
            1.0 - after
        )  # nothing to be in proportion to: the first other move takes it, by convention lost


@njit(cache=True)
def _apply_duration(
    effects: Effects,
    future: int,
    family: NDArray[np.int64],
    scale: NDArray[np.float64],
    shape: NDArray[np.float64],
    time_factor: NDArray[np.float64],
    cap_days: NDArray[np.float64],
    cap_weight: NDArray[np.float64],
) -> None:
    """Stretch, set or cap the stays of a stage; to set a median is to stretch by its ratio to the present one."""
    n_epochs, _, n_segments, n_slots = time_factor.shape
    for i in range(len(effects.operation)):
        stage = effects.stage[i]
        value = effects.value[i, future]
        for segment in range(n_segments):
            for slot in range(n_slots):
                if not (effects.segments[i, segment] and effects.slots[i, slot]):
                    continue
                ratio = value
                if effects.operation[i] == SET:
                    here = (stage, segment, slot)
                    ratio /= exceeded_by_log(family[stage, slot], scale[here], shape[here], _LOG_HALF)
                for epoch in range(n_epochs):
                    weight = effects.weight[i, epoch]
                    if effects.operation[i] == CAP:
                        cap_days[epoch, stage, segment, slot] = value
                        cap_weight[epoch, stage, segment, slot] = weight
                    else:
                        time_factor[epoch, stage, segment, slot] *= 1.0 + weight * (ratio - 1.0)


@njit(cache=True)
def _apply_arrivals(
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


@njit(cache=True)
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


@njit(cache=True)
def _accumulate(probability: NDArray[np.float64], cumulative: NDArray[np.float64]) -> None:
    """Sum probabilities over slots; from the last possible slot on the sum is 1 whatever the rounding."""
    n_epochs, n_stages, n_segments, n_slots = probability.shape
    for epoch in range(n_epochs):
        for stage in range(n_stages):
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
