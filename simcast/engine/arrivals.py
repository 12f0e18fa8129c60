"""New deals: how many arrive in a future, and how they are put in play, a block at a time."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from simcast.engine.block import BLOCK, LATEST_TIME_OF_DAY, InPlay, room_for_a_block, unsigned, whole
from simcast.engine.by_reference import by_reference
from simcast.engine.counts import count_each
from simcast.engine.inner import inner, outer
from simcast.engine.layout import KernelPlan, as_declared
from simcast.engine.rng import ARRIVALS, BIRTH, fill_uniforms
from simcast.engine.tables import Tables, apply_arrivals, empty_tables

# Typed constants, since Numba compiles a function anew for each plain number that it is called with.
_NO_DEALS = _FIRST_VISIT = cast("int", np.int64(0))


def room_for_arrivals(plan: KernelPlan) -> NDArray[np.int64]:
    """Allocate room for how many deals arrive: int64, (n_segments, horizon_days)."""
    return np.zeros((len(plan.arrival_key), plan.horizon_days), np.int64)


def count_new_deals(plan: KernelPlan, counts: NDArray[np.int64]) -> None:
    """Write how many new deals arrive in each of the first ``len(counts)`` futures, the same that are played."""
    tables, in_play = by_reference(empty_tables(plan)), by_reference(room_for_a_block())
    _count_in_room(by_reference(as_declared(plan)), tables, in_play, room_for_arrivals(plan), counts)


@outer
def _count_in_room(
    plan: KernelPlan, tables: Tables, in_play: InPlay, arrivals: NDArray[np.int64], counts: NDArray[np.int64]
) -> None:
    """Count them with the tables of one thread."""
    for future in range(len(counts)):
        tables.arrival_factor[:] = 1.0
        tables.arrival_add[:] = 0.0
        mean = plan.arrival_mean[plan.draw_of_future[future]]
        apply_arrivals(plan.on_arrivals, future, mean, tables.arrival_factor, tables.arrival_add)
        count_arrivals(plan, tables, future, in_play, arrivals)
        counts[future] = np.sum(arrivals)


@inner
def count_arrivals(plan: KernelPlan, tables: Tables, future: int, in_play: InPlay, arrivals: NDArray[np.int64]) -> None:
    """Write how many deals arrive per segment and day; the room of a block is free for it, since no deal is in play."""
    key, u, mean = in_play.key, in_play.u_first, in_play.enters_on
    draw = plan.draw_of_future[future]
    for segment in range(arrivals.shape[0]):
        for start in range(0, plan.horizon_days, BLOCK):
            n = min(BLOCK, plan.horizon_days - start)
            for i in range(np.uint64(n)):
                key[i] = plan.arrival_key[segment] + np.uint64(start) + i
            fill_uniforms(plan.seed, future, key, n, _FIRST_VISIT, ARRIVALS, u, in_play.u_second)
            for i in range(np.uint64(n)):
                day = unsigned(start) + i
                epoch = plan.epoch_of_day[day]
                per_day = plan.arrival_mean[draw, segment] * tables.arrival_factor[epoch, segment]
                per_day = per_day * plan.arrival_trend_factor[draw, day] + tables.arrival_add[epoch, segment]
                mean[i] = max(per_day * plan.arrival_weekday_factor[draw, day], 0.0)
            counts = arrivals[segment, start : start + n]
            count_each(plan.arrival_size[draw, segment], mean, u, in_play.leaves_on, in_play.u_second, counts)


@inner
def begin_new_deals(
    plan: KernelPlan,
    future: int,
    arrivals: NDArray[np.int64],
    at: NDArray[np.int64],
    in_play: InPlay,
    entered: NDArray[np.int32],
) -> int:
    """Put the next block of the deals that arrive in play, their first stays not drawn yet; return how many there are.

    `at` holds the segment, day and ordinal to begin with, and afterwards those to go on with.
    """
    n = _next_arrivals(plan, arrivals, at, in_play, entered)
    for i in range(np.uint64(n)):
        in_play.deal[i] = in_play.amount[i] = -1
    fill_uniforms(plan.seed, future, in_play.key, n, _FIRST_VISIT, BIRTH, in_play.u_first, in_play.u_second)
    for i in range(np.uint64(n)):
        segment, stage = in_play.segment[i], np.uint64(0)
        if in_play.u_second[i] >= plan.entry_cumulative[segment, 0]:  # enters elsewhere than it was counted
            while in_play.u_second[i] >= plan.entry_cumulative[segment, stage]:
                stage += np.uint64(1)
            period = np.uint64(plan.period_of_day[whole(in_play.enters_on[i])])
            group = np.uint64(plan.group_of_segment[segment])
            entered[period, group, 0] -= 1
            entered[period, group, stage] += 1
        in_play.stage[i] = np.uint32(stage)
    for i in range(np.uint64(n)):
        u = in_play.u_first[i]
        in_play.enters_on[i] += u if u < LATEST_TIME_OF_DAY else LATEST_TIME_OF_DAY
    return n


@inner
def _next_arrivals(
    plan: KernelPlan, arrivals: NDArray[np.int64], at: NDArray[np.int64], in_play: InPlay, entered: NDArray[np.int32]
) -> int:
    """Write down keys, segments and days of the next block of new deals, and return how many there are.

    All are counted as entering the first stage: one by one, each would wait for the count that the last one wrote.
    """
    i = _NO_DEALS
    for segment in range(at[0], arrivals.shape[0]):
        for day in range(at[1], plan.horizon_days):
            # Days and ordinals have bits of their own, counted up from the segment's random key.
            key = plan.arrival_key[segment] + (np.uint64(day) << np.uint64(32))
            ordinal = at[2]
            n: int = min(arrivals[segment, day] - ordinal, BLOCK - i)
            for k in range(np.uint64(n)):
                in_play.key[unsigned(i) + k] = key + np.uint64(ordinal) + np.uint64(k)
                in_play.segment[unsigned(i) + k] = np.uint32(segment)
                in_play.enters_on[unsigned(i) + k] = np.float64(day)
            i += n
            entered[plan.period_of_day[day], plan.group_of_segment[segment], 0] += n
            if ordinal + n < arrivals[segment, day]:
                at[0], at[1], at[2] = segment, day, ordinal + n
                return i
            at[2] = 0
        at[1] = 0
    at[0] = arrivals.shape[0]
    return i
