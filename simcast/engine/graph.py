"""The graph of moves, with what is the same in all futures worked out once: by stage and slot, in one row."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simcast.engine.inner import inner
from simcast.engine.layout import CAP, NOT_FORCED, NOWHERE, KernelPlan
from simcast.engine.location_scale import OTHER_FAMILY, STANDARD_LAW

CUT_OFFS = 8
WINS, GOES_ON = np.uint8(1), np.uint8(2)


class Graph(NamedTuple):
    """Rows of n_stages * (n_slots + n_outcomes): behind the slots stand the outcomes that levers force.

    `following` and `fate` have one entry more, for stays that the horizon cuts off: nothing follows.
    """

    n_slots: np.uint64
    n_ends: np.uint64
    """Slots and outcomes together."""
    is_other: NDArray[np.bool_]
    """(n_stages * n_slots,): the days belong to a family without a location and a scale."""
    following: NDArray[np.int64]
    """The stage in which a deal goes on, or NOWHERE."""
    fate: NDArray[np.uint8]
    """Bits: whether the end is a win (`WINS`), and whether the deal goes on (`GOES_ON`)."""
    place_of_day: NDArray[np.uint64]
    """(horizon_days,): where a period's counts begin in `moved`."""
    place_of_segment: NDArray[np.uint64]
    """(n_segments,): where a group's counts begin within a period's."""
    stock: NDArray[np.int32]
    """(n_groups, n_stages): the deals open at the as-of date."""
    moved: NDArray[np.int32]
    """Stays ended in the future at hand, by period, group, stage and end; last those that the horizon cuts off, in turn
    in `CUT_OFFS` counts: repeated adds to one counter would stall on each other."""
    has_other: int
    """1 where some days belong to such a family, else 0; likewise those that follow."""
    has_caps: int
    has_forced: int


def graph_of(plan: KernelPlan) -> Graph:
    """Work out the graph of a plan, with room for the counts of one thread."""
    n_stages, n_slots = plan.destination.shape
    n_outcomes = len(plan.outcome_won)
    n_ends = n_slots + n_outcomes
    n_groups = int(np.max(plan.group_of_segment)) + 1
    n_periods = int(plan.period_of_day[-1]) + 1
    outcomes = np.broadcast_to(n_stages + np.arange(n_outcomes), (n_stages, n_outcomes))
    destination = np.concatenate([plan.destination, outcomes], axis=1)
    is_outcome, outcome = destination >= n_stages, np.maximum(destination - n_stages, 0)
    following = np.where(is_outcome, plan.outcome_resumes[outcome], destination)
    won = is_outcome & plan.outcome_won[outcome]
    is_other = (plan.destination != NOWHERE) & (STANDARD_LAW[plan.family] == OTHER_FAMILY)
    stock = np.zeros((n_groups, n_stages), np.int32)
    np.add.at(stock, (plan.group_of_segment[plan.deal_segment], plan.deal_stage), 1)
    return Graph(
        np.uint64(n_slots),
        np.uint64(n_ends),
        is_other.ravel(),
        np.append(following.ravel(), NOWHERE),
        np.append((won * WINS | (following != NOWHERE) * GOES_ON).ravel(), 0).astype(np.uint8),
        (plan.period_of_day * (n_groups * n_stages * n_ends)).astype(np.uint64),
        (plan.group_of_segment * (n_stages * n_ends)).astype(np.uint64),
        stock,
        np.zeros(n_periods * n_groups * n_stages * n_ends + CUT_OFFS, np.int32),
        int(is_other.any()),
        int((plan.on_duration.operation == CAP).any()),
        int((plan.deal_forced != NOT_FORCED).any()),
    )


@inner
def flush_counts(
    plan: KernelPlan,
    graph: Graph,
    entered: NDArray[np.int32],
    left_forward: NDArray[np.int32],
    open_at_end: NDArray[np.int32],
) -> None:
    """Add one future's counts of ended stays to what is counted by stage, and begin to count anew.

    Every stay of the future has been counted where it ended, and new deals where they entered: the rest follows.
    """
    n_stages, n_slots = plan.destination.shape
    n_periods, n_groups, _ = entered.shape
    n_ends = n_slots + len(plan.outcome_won)
    _add_to(open_at_end, entered)  # so far only new deals have entered
    at = 0
    for period in range(n_periods):
        for group in range(n_groups):
            for stage in range(n_stages):
                for end in range(n_ends):
                    n = graph.moved[at]
                    at += 1
                    if n == 0:
                        continue
                    destination = plan.destination[stage, end] if end < n_slots else n_stages + end - n_slots
                    open_at_end[period, group, stage] -= n
                    if destination == plan.destination[stage, 0]:
                        left_forward[period, group, stage] += n
                    following = graph.following[stage * n_ends + end]
                    if following != NOWHERE:
                        entered[period, group, following] += n
                        open_at_end[period, group, following] += n
    graph.moved[:] = 0
    _running_sum_over_periods(graph.stock, open_at_end)


@inner
def _add_to(counts: NDArray[np.int32], others: NDArray[np.int32]) -> None:
    """Add counts by period, group and stage to others of them."""
    n_periods, n_groups, n_stages = counts.shape
    for period in range(n_periods):
        for group in range(n_groups):
            for stage in range(n_stages):
                counts[period, group, stage] += others[period, group, stage]


@inner
def _running_sum_over_periods(stock: NDArray[np.int32], open_at_end: NDArray[np.int32]) -> None:
    """Turn net entries per period into the number open at each period's end."""
    n_periods, n_groups, n_stages = open_at_end.shape
    for group in range(n_groups):
        for stage in range(n_stages):
            open_at_end[0, group, stage] += stock[group, stage]
            for period in range(1, n_periods):
                open_at_end[period, group, stage] += open_at_end[period - 1, group, stage]
