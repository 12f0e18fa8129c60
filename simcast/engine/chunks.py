"""Chunks of futures: how each is played, and how the results of all are put together.

Counts by stage are kept over all groups of segments, not by group: nobody has asked for them by group, and with
fifty groups they would be most of what a run holds.
"""

from __future__ import annotations

import numpy as np

from simcast.engine.kernel import play_futures
from simcast.engine.layout import KernelPlan, Results, as_declared, empty_results

_BY_STAGE = ("entered", "left_forward", "open_at_end")
_BY_FUTURE = ("bookings", "wins", *_BY_STAGE)
_SUMS = ("deal_wins", "deal_win_days", "capped")
"""Sums over futures: of integers, so that their order is of no account."""


def play_chunk(plan: KernelPlan, futures: range) -> Results:
    """Play some consecutive futures; in their results, the counts by stage have one group."""
    results = empty_results(plan, len(futures))
    play_futures(as_declared(plan), futures.start, results)
    return results._replace(
        **{name: getattr(results, name).sum(axis=2, keepdims=True, dtype=np.int32) for name in _BY_STAGE}
    )


def empty_whole(plan: KernelPlan) -> Results:
    """Allocate the results of all futures of a plan, with one group for the counts by stage."""
    whole = empty_results(plan, 0)
    n_futures = len(plan.draw_of_future)
    shapes = {name: list(getattr(whole, name).shape) for name in _BY_FUTURE}
    for name, shape in shapes.items():
        shape[0] = n_futures
        if name in _BY_STAGE:
            shape[2] = 1
    return whole._replace(**{name: np.zeros(shape, getattr(whole, name).dtype) for name, shape in shapes.items()})


def put_chunk(whole: Results, futures: range, part: Results) -> None:
    """Put the results of some futures into those of all; not from two threads at once."""
    for name in _BY_FUTURE:
        getattr(whole, name)[futures.start : futures.stop] = getattr(part, name)
    for name in _SUMS:
        total = getattr(whole, name)
        total += getattr(part, name)
