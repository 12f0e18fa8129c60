"""Chunks of futures: how each is played, and how the results of all are put together.

Counts by stage are kept over all groups of segments, not by group: nobody has asked for them by group, and with
fifty groups they would be most of what a run holds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcast.engine.capacity import play_team_futures
from simcast.engine.capacity_layout import TeamPlan, TeamResults, empty_team_results
from simcast.engine.kernel import play_futures
from simcast.engine.layout import KernelPlan, Results, empty_results

_BY_STAGE = ("entered", "left_forward", "open_at_end")
_BY_FUTURE = ("bookings", "wins", *_BY_STAGE)
_SUMS = ("deal_wins", "deal_win_days", "capped")
"""Sums over futures: of integers, so that their order is of no account."""


AnyPlan = KernelPlan | TeamPlan
"""A plan without teams, or with them: each has a kernel of its own."""


def play_chunk(plan: AnyPlan, futures: range) -> Results | TeamResults:
    """Play some consecutive futures; in their results, the counts by stage have one group."""
    if isinstance(plan, TeamPlan):
        with_teams = empty_team_results(plan, len(futures))
        play_team_futures(plan, futures.start, with_teams)
        return with_teams._replace(flow=_over_groups(with_teams.flow))
    results = empty_results(plan, len(futures))
    play_futures(plan, futures.start, results)
    return _over_groups(results)


def _over_groups(results: Results) -> Results:
    """Add up the counts by stage over groups of segments."""
    return results._replace(
        **{name: getattr(results, name).sum(axis=2, keepdims=True, dtype=np.int32) for name in _BY_STAGE}
    )


def entered_by_group(plan: AnyPlan, futures: range) -> NDArray[np.int64]:
    """Play some consecutive futures, and return the stays begun in all of them: int64, (n_groups, n_stages)."""
    if isinstance(plan, TeamPlan):
        with_teams = empty_team_results(plan, len(futures))
        play_team_futures(plan, futures.start, with_teams)
        flow = with_teams.flow
    else:
        flow = empty_results(plan, len(futures))
        play_futures(plan, futures.start, flow)
    return np.asarray(flow.entered.sum(axis=(0, 1)), dtype=np.int64)


def empty_chunk(plan: AnyPlan, n_futures: int) -> Results | TeamResults:
    """Allocate the results of some futures, as a kernel writes them."""
    return empty_team_results(plan, n_futures) if isinstance(plan, TeamPlan) else empty_results(plan, n_futures)


def empty_whole(plan: AnyPlan) -> Results | TeamResults:
    """Allocate the results of all futures of a plan, with one group for the counts by stage."""
    if isinstance(plan, TeamPlan):
        with_teams = empty_team_results(plan, len(plan.kernel.draw_of_future))
        return with_teams._replace(flow=_empty_whole(plan.kernel))
    return _empty_whole(plan)


def _empty_whole(plan: KernelPlan) -> Results:
    """Allocate the results of all futures of a plan, without those of teams."""
    whole = empty_results(plan, 0)
    n_futures = len(plan.draw_of_future)
    shapes = {name: list(getattr(whole, name).shape) for name in _BY_FUTURE}
    for name, shape in shapes.items():
        shape[0] = n_futures
        if name in _BY_STAGE:
            shape[2] = 1
    return whole._replace(**{name: np.zeros(shape, getattr(whole, name).dtype) for name, shape in shapes.items()})


def put_chunk(whole: Results | TeamResults, futures: range, part: Results | TeamResults) -> None:
    """Put the results of some futures into those of all; not from two threads at once."""
    if isinstance(whole, TeamResults) and isinstance(part, TeamResults):
        for name in TeamResults._fields[1:]:
            getattr(whole, name)[futures.start : futures.stop] = getattr(part, name)
        put_chunk(whole.flow, futures, part.flow)
        return
    for name in _BY_FUTURE:
        getattr(whole, name)[futures.start : futures.stop] = getattr(part, name)
    for name in _SUMS:
        total = getattr(whole, name)
        total += getattr(part, name)
