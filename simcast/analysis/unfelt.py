"""Which levers on amounts no deal feels, as far as that is known without a fit: where arrivals are assumed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from simcast.assume import assumed_book, assumed_segments
from simcast.history import History
from simcast.plan.amounts import NO_DEALS, no_deal_feels
from simcast.plan.building import forecast_days
from simcast.plan.checks import placed_levers
from simcast.plan.levers import LeverFrame
from simcast.scenario import ArrivalsLever, BudgetLever, Lever, Scenario


def amounts_unfelt(scenario: Scenario, history: History | None, names: Iterable[str]) -> Iterator[str]:
    """Say which levers on amounts no deal feels, in the words of a run, which knows of all of them.

    Of a history nothing is said whose arrivals a fit has to learn, nor of scenarios that bring new deals of their own.

    Parameters
    ----------
    scenario
        The file, valid.
    history
        What was known at the as-of date; None when everything is assumed.
    names
        The scenarios to look at.
    """
    assume, pipeline = scenario.assume, scenario.pipeline_definition
    per_day = 0.0 if assume is None or assume.arrivals is None else assume.arrivals.per_day.mean()
    if assume is None or (history is not None and (assume.arrivals is None or per_day > 0.0)):
        return
    segments, shares = assumed_segments(assume) if history is None else (history.segments, np.array(1.0))
    days = forecast_days(scenario)
    comes = np.broadcast_to(per_day * shares * days.n_days > NO_DEALS, len(segments))
    if history is None or assume.open:
        book = assumed_book(assume, pipeline, segments, days.as_of)
    else:
        book = history.open_deals(days.as_of)
    stands = np.bincount(book.segment_code, minlength=len(segments)) > 0
    frame = LeverFrame(pipeline, segments, days, np.uint64(0), np.zeros(1, dtype=np.int64), n_slots=1)
    for name in names:
        levers = placed_levers(scenario, name)
        if not any(_brings_deals(placed.lever) for placed in levers):
            yield from no_deal_feels(frame, levers, comes, stands)


def _brings_deals(lever: Lever) -> bool:
    """Return whether a lever may bring new deals where none come."""
    return isinstance(lever, BudgetLever) or (isinstance(lever, ArrivalsLever) and lever.add_per_day is not None)
