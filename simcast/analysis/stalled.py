"""How long deals that are won usually stay in a stage: an open one that has been there for longer counts as stalled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcast.analysis.parameters import days_isf
from simcast.days import day_number
from simcast.history import Book, History
from simcast.plan import Plan
from simcast.posterior import Posterior
from simcast.posterior.clocks import QUARTER_DAYS, Passed, clocks_of_ages
from simcast.posterior.hazards import HAZARD

LEAST_MOVES = 10
"""A stage that fewer deals have left forward has no usual time in the history."""

SHARE_BEYOND = 0.1

_TIMES_AS_LONG, _MOST_DAYS = 3, 28 * 365
"""How far clocks are laid out; days beyond weigh 1."""


def usual_days(history: History | None, posterior: Posterior) -> dict[str, float]:
    """Return the days within which nine of ten deals that were won had moved on from a stage.

    From the history where enough deals were won, or have moved forward at least, else from the parameters; a stage of
    which neither can tell is left out.
    """
    found: dict[str, float] = {}
    for stage in posterior.pipeline.stages:
        days = None if history is None else _in_history(history, stage)
        if days is None:
            days = _by_parameters(posterior, stage)
        if days is not None:
            found[stage] = days
    return found


def usual_days_of(history: History | None, posterior: Posterior, book: Book) -> NDArray[np.float64]:
    """Return the usual days of the stage that each open deal is in; NaN where they are not known.

    They are days of the calendar since it entered, as its age is. Days of parameters pass on the stage's clock, if it
    has one on which ages run.
    """
    limit = np.full(len(book), np.nan)
    for code, stage in enumerate(book.pipeline.stages):
        here = np.flatnonzero(book.stage_code == code)
        days = None if history is None else _in_history(history, stage)
        if days is not None:
            limit[here] = days
        elif here.size and (days := _by_parameters(posterior, stage)) is not None:
            limit[here] = _on_calendar(posterior, stage, book, here, days)
    return limit


def are_stalled(book: Book, limit: NDArray[np.float64], plan: Plan) -> NDArray[np.bool_]:
    """Tell which open deals have been in their stage for longer than a limit of days and wait for no free person.

    That those who wait for a person of a team stand there for long is no fault of theirs.
    """
    overdue: NDArray[np.bool_] = book.age_days > limit
    if plan.capacity is None:
        return overdue
    waiting = {str(deal) for deal in plan.deals[~np.isnan(plan.capacity.deal_waits_since)]}
    in_line = np.array([str(deal) in waiting for deal in book.deal], dtype=bool)
    overdue &= ~in_line
    return overdue


def _in_history(history: History, stage: str) -> float | None:
    """Return the 90% point of the days that deals won later took here, or of all forward moves where few were won."""
    stays, pipeline = history.stays, history.pipeline
    moved = stays[(stays["stage"] == stage) & (stays["move"] == pipeline.forward(stage))]
    wins = [name for name in pipeline.outcomes if pipeline.is_won(name)]
    of_won = moved[moved["deal"].isin(stays.loc[stays["move"].isin(wins), "deal"])]
    moved = of_won if len(of_won) >= LEAST_MOVES else moved
    if len(moved) < LEAST_MOVES:
        return None
    days = (moved["left"] - moved["entered"]).dt.days.to_numpy(dtype=np.float64)
    return float(np.quantile(days, 1.0 - SHARE_BEYOND))


def _by_parameters(posterior: Posterior, stage: str) -> float | None:
    """Return the mean 90% point of the days until the forward move, over draws and segments; None for hazards."""
    forward = posterior.pipeline.forward(stage)
    if str(posterior.draws["days_family"].sel(stage=stage, move=forward).item()) == HAZARD:
        return None
    return float(days_isf(posterior, stage, forward, SHARE_BEYOND).mean())


def _on_calendar(
    posterior: Posterior, stage: str, book: Book, deals: NDArray[np.int64], days: float
) -> NDArray[np.float64]:
    """Return in how many days of the calendar those of parameters pass for deals of a stage since they entered it."""
    of_ages = clocks_of_ages(posterior.draws, stage, [posterior.pipeline.forward(stage)])
    if of_ages is None or of_ages[0] is None:
        return np.full(deals.size, days)
    entered = day_number(book.recorded_until) - book.age_days[deals]
    first = int(np.floor(np.min(entered)))
    n_days = int(np.ceil(np.max(entered) - first + _TIMES_AS_LONG * days)) + QUARTER_DAYS
    passed = Passed.of(of_ages[0].weights(first + np.arange(min(n_days, _MOST_DAYS))), first)
    lasting: NDArray[np.float64] = passed.instant(passed.at(entered) + days) - entered
    return lasting
